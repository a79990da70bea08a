import { callbackResource, type TaskState } from './definition.ts';
import { evaluate } from './expression.ts';
import { invokeFunction } from './invoke-function.ts';
import type { Json, JsonObject } from './json.ts';
import { limitSize } from './limits.ts';
import { resolveTemplate } from './payload-template.ts';
import type { Outcome, Visit } from './run.ts';
import { runtimeError, StateError } from './state-error.ts';
import { startTimer } from './timer.ts';

/** Calls the function once, and records how it went. */
export async function runTask(state: TaskState, visit: Visit): Promise<Outcome> {
  const { history } = visit.branch.run;
  try {
    const output = await (state.Resource === callbackResource ? runCallback : runInvoke)(state, visit);
    history.record('TaskSucceeded', { name: visit.name, output });
    return { output };
  } catch (error) {
    if (error instanceof StateError) recordFailure(error, visit);
    throw error;
  }
}

async function runInvoke(state: TaskState, visit: Visit): Promise<Json> {
  const parameters = schedule(state, visit);
  const answer = await withTimeout(state, visit, invokeFunction(parameters, visit.branch.run));
  return limitSize(answer, 'the output of lambda:invoke');
}

/** The task ends with the callback; what the function answers counts only when it failed. */
async function runCallback(state: TaskState, visit: Visit): Promise<Json> {
  const { tokens, context } = visit.branch.run;
  const open = tokens.open(context.Execution.Id, secondsOf(state, 'Heartbeat', visit));
  try {
    const parameters = schedule(state, {
      ...visit,
      context: { ...visit.context, Task: { Token: open.token } },
    });
    const failure = submit(parameters, visit, () => open.isOpen());
    const output = await withTimeout(state, visit, Promise.race([failure, open.result]));
    return limitSize(output, 'the output of the callback');
  } finally {
    open.close();
  }
}

/** Settles only when the function fails. */
function submit(parameters: JsonObject, { name, branch }: Visit, isOpen: () => boolean): Promise<never> {
  return new Promise((_resolve, reject) => {
    const record = (output: Json) =>
      void (isOpen() && branch.run.history.record('TaskSubmitted', { name, output }));
    invokeFunction(parameters, branch.run).then(record, reject);
  });
}

function schedule(state: TaskState, { name, input, context, branch }: Visit): JsonObject {
  const parameters = resolveTemplate(state.Parameters, input, context);
  limitSize(parameters, 'the input after Parameters');
  branch.run.history.record('TaskScheduled', { name, input: parameters });
  branch.run.history.record('TaskStarted', { name });
  return parameters;
}

function withTimeout<T>(state: TaskState, visit: Visit, work: Promise<T>): Promise<T> {
  const timeout = secondsOf(state, 'Timeout', visit);
  return visit.branch.scope.waitFor<T>((resolve, reject) => {
    work.then(resolve, reject);
    if (timeout === undefined) return () => {};
    return startTimer(visit.branch.run.clock, timeout * 1000, () => reject(new StateError('States.Timeout')));
  });
}

function secondsOf(
  state: TaskState,
  kind: 'Timeout' | 'Heartbeat',
  { input, context }: Visit,
): number | undefined {
  const path = state[`${kind}SecondsPath`];
  if (!path) return state[`${kind}Seconds`];
  const value = evaluate(path, `${kind}SecondsPath`, input, context);
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw runtimeError(`${kind}SecondsPath leads to ${JSON.stringify(value)}, not to a positive whole number`);
}

function recordFailure({ error, cause }: StateError, { name, branch }: Visit): void {
  const type =
    error === 'States.Timeout' || error === 'States.HeartbeatTimeout' ? 'TaskTimedOut' : 'TaskFailed';
  branch.run.history.record(type, { name, error, cause });
}
