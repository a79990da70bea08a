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

export const exitCodes = { skipRestSuccess: 168, skipRestFailed: 169, reboot: 194, timedOut: 137 } as const;

/** Judges an exit code as the agent does: 137 is a timeout even if the script itself returned it. */
export function judgeExit(exitCode: number): Pick<StepResult, 'status' | 'statusDetails'> {
  if (exitCode === 0 || exitCode === exitCodes.skipRestSuccess)
    return { status: 'Success', statusDetails: 'Success' };
  if (exitCode === exitCodes.timedOut) return { status: 'TimedOut', statusDetails: 'ExecutionTimedOut' };
  return { status: 'Failed', statusDetails: 'Failed' };
}

/** The agent adds its own line to stderr for a failure. */
export function toStepResult(
  name: string,
  run: ScriptResult,
  startedAt: number,
  endedAt: number,
): StepResult {
  const verdict = judgeExit(run.timedOut ? exitCodes.timedOut : run.exitCode);
  const note = verdict.status === 'Failed' ? `failed to run commands: exit status ${run.exitCode}` : '';
  return {
    name,
    ...verdict,
    code: run.timedOut ? exitCodes.timedOut : run.exitCode,
    stdout: run.stdout,
    stderr: run.stderr && note ? `${run.stderr.replace(/\n$/, '')}\n${note}` : run.stderr || note,
    startedAt: new Date(startedAt),
    endedAt: new Date(endedAt),
  };
}

/** Failed before TimedOut before Cancelled before Success. Source: the agent's DocumentResultAggregator. */
export function aggregate(steps: readonly StepResult[]): Pick<StepResult, 'status' | 'statusDetails'> {
  for (const status of ['Failed', 'TimedOut', 'Cancelled'] as const) {
    const found = steps.find((step) => step.status === status);
    if (found) return { status: found.status, statusDetails: found.statusDetails };
  }
  return { status: 'Success', statusDetails: 'Success' };
}
