import type { Clock } from '../clock.ts';
import type { RehearsalHost } from '../host/host.ts';
import type { CommandDocument, DocumentStep } from './document.ts';
import { environmentOf, executionTimeout, interpolate, type ParameterValues } from './interpolate.ts';
import { exitCodes, toStepResult, type StepResult } from './step-result.ts';

/** A command as the agent got it. */
export interface AgentCommand {
  readonly commandId: string;
  readonly documentName: string;
  readonly document: CommandDocument;
  readonly values: ParameterValues;
}

export interface StepContext {
  readonly host: RehearsalHost;
  readonly clock: Clock;
  readonly isCancelled: () => boolean;
}

/** The agent lets a step reboot the host again and again; the rehearsal takes a few to be a mistake. */
const rebootLimit = 5;

/** Runs a document's steps in order. A failing step does not stop the later ones unless it says so. Rejects if the host goes down. */
export async function runDocument(command: AgentCommand, context: StepContext): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of command.document.steps) {
    if (context.isCancelled()) {
      results.push(withoutRun(step.name, 'Cancelled', 1, '', context.clock));
      continue;
    }
    const result = await runStep(step, command, context);
    results.push(result);
    if (endsDocument(step, result)) break;
  }
  return results;
}

async function runStep(step: DocumentStep, command: AgentCommand, context: StepContext): Promise<StepResult> {
  const refusal = checkPrecondition(step);
  if (refusal) return withoutRun(step.name, refusal.status, refusal.code, refusal.text, context.clock);
  const { inputs } = step;
  for (let boots = 0; ; boots += 1) {
    const startedAt = context.clock.now();
    const run = await context.host.runScript({
      documentName: command.documentName,
      stepName: step.name,
      commandId: command.commandId,
      script: inputs.runCommand.map((line) => interpolate(line, command.document, command.values)).join('\n'),
      environment: environmentOf(command.document, command.values),
      timeoutSeconds: executionTimeout(timeoutOf(step, command)),
    });
    if (run.exitCode !== exitCodes.reboot || run.timedOut || boots >= rebootLimit)
      return toStepResult(step.name, {
        ...run,
        startedAt,
        endedAt: context.clock.now(),
        cancelled: context.isCancelled(),
      });
  }
}

const timeoutOf = ({ inputs }: DocumentStep, { document, values }: AgentCommand) =>
  inputs.timeoutSeconds === undefined
    ? undefined
    : interpolate(String(inputs.timeoutSeconds), document, values);

/** Only `StringEquals` on platformType is known to the agent; another platform's step is skipped, which is a success. */
function checkPrecondition({ name, precondition }: DocumentStep) {
  for (const [operator, operands] of Object.entries(precondition ?? {})) {
    const known = operator === 'StringEquals' && operands.length === 2 && operands.includes('platformType');
    if (!known) {
      const text = `Unrecognized precondition(s): '"${operator}": [${operands.join(' ')}]', please update agent to latest version. Step name: ${name}`;
      return { status: 'Failed', code: 1, text } as const;
    }
    if (!operands.some((operand) => operand.toLowerCase() === 'linux'))
      return {
        status: 'Success',
        code: 0,
        text: `Step execution skipped due to unsatisfied preconditions: '"${operator}": [${operands.join(', ')}]'. Step name: ${name}`,
      } as const;
  }
  return undefined;
}

/** onFailure acts on Failed, not on TimedOut. */
function endsDocument({ inputs }: DocumentStep, { status, code }: StepResult): boolean {
  if (code === exitCodes.skipRestSuccess || code === exitCodes.skipRestFailed) return true;
  if (status === 'Failed') return inputs.onFailure !== undefined;
  return status === 'Success' && inputs.onSuccess === 'exit';
}

/** Everything was killed: the script is not run again, and the crash is reported on the first step even if that had succeeded. */
export function reportCrash({ document }: AgentCommand, clock: Clock): StepResult {
  const name = document.steps[0]?.name ?? '';
  return withoutRun(name, 'Failed', 1, 'document process failed unexpectedly', clock);
}

function withoutRun(
  name: string,
  status: StepResult['status'],
  code: number,
  text: string,
  clock: Clock,
): StepResult {
  const now = new Date(clock.now());
  return {
    name,
    status,
    statusDetails: status,
    code,
    stdout: text,
    stderr: '',
    startedAt: now,
    endedAt: now,
  };
}
