import type { ScriptResult } from '../host/host.ts';

export type StepStatus = 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';

/** A step as the agent reports it. */
export interface StepResult {
  readonly name: string;
  readonly status: StepStatus;
  readonly statusDetails: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

type Verdict = Pick<StepResult, 'status' | 'statusDetails'>;

export const exitCodes = { skipRestSuccess: 168, skipRestFailed: 169, reboot: 194, killed: 137 } as const;

/** Judges an exit code as the agent does: 137 is a timeout even if the script itself returned it, unless it was cancelled. */
function judgeExit(exitCode: number, cancelled = false): Verdict {
  if (exitCode === 0 || exitCode === exitCodes.skipRestSuccess)
    return { status: 'Success', statusDetails: 'Success' };
  if (exitCode !== exitCodes.killed) return { status: 'Failed', statusDetails: 'Failed' };
  if (cancelled) return { status: 'Cancelled', statusDetails: 'Cancelled' };
  return { status: 'TimedOut', statusDetails: 'ExecutionTimedOut' };
}

/** A script's run with its times in epoch milliseconds. */
export interface StepRun extends ScriptResult {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly cancelled: boolean;
}

/** The agent adds its own line to stderr for a failure. */
export function toStepResult(name: string, run: StepRun): StepResult {
  const code = run.timedOut ? exitCodes.killed : run.exitCode;
  const verdict = judgeExit(code, run.cancelled);
  const note = verdict.status === 'Failed' ? `failed to run commands: ${describeExit(code, run.signal)}` : '';
  return {
    name,
    ...verdict,
    code,
    stdout: run.stdout,
    stderr: run.stderr && note ? `${run.stderr.replace(/\n$/, '')}\n${note}` : run.stderr || note,
    startedAt: new Date(run.startedAt),
    endedAt: new Date(run.endedAt),
  };
}

/** As Go's ExitError says it. */
function describeExit(code: number, signal: NodeJS.Signals | undefined): string {
  if (!signal) return `exit status ${code}`;
  const words: Partial<Record<NodeJS.Signals, string>> = { SIGKILL: 'killed', SIGTERM: 'terminated' };
  return `signal: ${words[signal] ?? signal}`;
}

/** Failed before TimedOut before Cancelled before Success. Source: the agent's DocumentResultAggregator. */
export function aggregate(steps: readonly StepResult[]): Verdict {
  for (const status of ['Failed', 'TimedOut', 'Cancelled'] as const) {
    const found = steps.find((step) => step.status === status);
    if (found) return { status: found.status, statusDetails: found.statusDetails };
  }
  return { status: 'Success', statusDetails: 'Success' };
}
