import { loadDefinition } from '../../rehearsal/asl/load-definition.ts';
import type { Json } from '../../rehearsal/asl/json.ts';
import {
  startExecution,
  type ExecutionHandle,
  type ExecutionResult,
} from '../../rehearsal/asl/start-execution.ts';
import { TaskTokens } from '../../rehearsal/asl/task-tokens.ts';
import type { InvocationAnswer } from '../../rehearsal/lambda/invocation.ts';
import { ManualClock } from './manual-clock.ts';

/** JSON that a test looks into as it likes. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Loose = any;

/** What a test's function answers; throws FunctionError for {errorType, errorMessage}. */
export type TestFunction = (payload: Loose) => unknown;

/** A function's own failure, as Lambda tells it. */
export class FunctionError extends Error {
  constructor(errorType: string, message = 'because') {
    super(message);
    this.name = errorType;
  }
}

export interface Machine {
  readonly clock: ManualClock;
  readonly tokens: TaskTokens;
  readonly handle: ExecutionHandle;
  /** Payloads that functions were called with, in order. */
  readonly calls: Loose[];
  types(): string[];
}

interface Given {
  readonly input?: Json;
  readonly fn?: TestFunction;
  readonly machine?: Record<string, unknown>;
  readonly random?: () => number;
}

export const executionArn = 'arn:aws:states:eu-central-1:123456789012:execution:deploy:one';

/** Starts a machine of these states, the first of them first. */
export function startMachine(
  states: Record<string, unknown>,
  { input = {}, fn = () => null, machine, random }: Given = {},
): Machine {
  const clock = new ManualClock();
  const tokens = new TaskTokens(clock);
  const calls: Loose[] = [];
  const handle = startExecution({
    definition: loadDefinition(
      JSON.stringify({ StartAt: Object.keys(states)[0], States: states, ...machine }),
    ),
    input,
    context: {
      executionArn,
      executionName: 'one',
      stateMachineArn: 'arn:aws:states:eu-central-1:123456789012:stateMachine:deploy',
      stateMachineName: 'deploy',
      roleArn: 'arn:aws:iam::123456789012:role/deploy',
    },
    invoke: async (name, text) => {
      const payload = JSON.parse(text);
      calls.push(payload);
      return answer(() => fn(payload), name);
    },
    tokens,
    clock,
    random,
  });
  return { clock, tokens, handle, calls, types: () => handle.history.map(({ type }) => type) };
}

async function answer(call: () => unknown, name: string): Promise<InvocationAnswer> {
  const about = { statusCode: 200, executedVersion: '$LATEST', requestId: `request to ${name}` };
  try {
    return { ...about, payload: JSON.stringify((await call()) ?? null) };
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const payload = JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: [] });
    return { ...about, functionError: 'Unhandled', payload };
  }
}

/** Runs a machine to its end, however long that takes on its clock; nothing may be left waiting. */
export async function runMachine(
  states: Record<string, unknown>,
  given: Given = {},
): Promise<ExecutionResult & { machine: Machine }> {
  const machine = startMachine(states, given);
  let result: ExecutionResult | undefined;
  void machine.handle.done.then((ended) => (result = ended));
  for (let round = 0; round < 100 && !result; round += 1)
    await machine.clock.advance(round === 0 ? 0 : 3_600_000);
  if (!result) throw new Error('the execution did not end');
  if (machine.clock.pending > 0) throw new Error(`${machine.clock.pending} timers are left`);
  return { ...result, machine };
}

/** A task that calls the test's function with this payload. */
export const task = (fields: Record<string, unknown> = {}, payload: unknown = { 'given.$': '$' }) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: 'work', Payload: payload },
  ...('Next' in fields ? {} : { End: true }),
  ...fields,
});

/** A task that waits until its token comes back. */
export const callbackTask = (fields: Record<string, unknown> = {}) => ({
  ...task(fields, { 'token.$': '$$.Task.Token', 'given.$': '$' }),
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
});

export const pass = (fields: Record<string, unknown> = {}) => ({
  Type: 'Pass',
  ...('Next' in fields ? {} : { End: true }),
  ...fields,
});
