import type { ContextObject } from './context-object.ts';
import type { Catcher, Graph, Retrier, State } from './definition.ts';
import { filter } from './expression.ts';
import type { Json, JsonObject } from './json.ts';
import { limitSize } from './limits.ts';
import { resolveTemplate } from './payload-template.ts';
import { placeResult } from './result-path.ts';
import { RetryPolicy } from './retry-policy.ts';
import type { Branch, Outcome } from './run.ts';
import { matches, StateError } from './state-error.ts';
import { typeOf } from './states/index.ts';
import { startTimer } from './timer.ts';

/** Runs a graph from its StartAt until a state ends it; answers that state's output. */
export async function runGraph(graph: Graph, input: Json, branch: Branch): Promise<Json> {
  let data = input;
  for (let name: string | undefined = graph.StartAt; name !== undefined;) {
    branch.scope.throwIfCancelled();
    const outcome: Outcome = await runState({ name, state: graph.States[name]!, input: data, branch });
    data = outcome.output;
    name = outcome.next;
  }
  return data;
}

/** A state that was entered, with the input that came to it. */
interface Entered {
  readonly name: string;
  readonly state: State;
  readonly input: Json;
  readonly branch: Branch;
}

async function runState(entered: Entered): Promise<Outcome> {
  const { name, state, input, branch } = entered;
  const { history, countTransition } = branch.run;
  countTransition();
  const { id, timestamp } = history.record(`${state.Type}StateEntered`, { name, input });
  const outcome = await tryUntilDone(entered, new Date(timestamp).toISOString()).catch((error: unknown) =>
    catchError(explain(error, name, id), entered),
  );
  history.record(`${state.Type}StateExited`, { name, output: outcome.output });
  return outcome;
}

async function tryUntilDone(entered: Entered, enteredTime: string): Promise<Outcome> {
  const { state, branch, name } = entered;
  const { run, scope } = branch;
  const retriers: readonly Retrier[] = ('Retry' in state && state.Retry) || [];
  const policy = new RetryPolicy(retriers, run.random);
  for (let retries = 0; ; retries += 1) {
    try {
      const context = {
        ...run.context,
        ...branch.context,
        State: { Name: name, EnteredTime: enteredTime, RetryCount: retries },
      };
      return await attempt(entered, context);
    } catch (error) {
      const delay = error instanceof StateError ? policy.next(error) : undefined;
      if (delay === undefined) throw error;
      run.countTransition();
      await scope.waitFor<void>((resolve) => startTimer(run.clock, delay, resolve));
    }
  }
}

/** What the types of states have in common, and some of them lack. */
interface StateFields {
  readonly InputPath?: string | null;
  readonly OutputPath?: string | null;
  readonly ResultPath?: string | null;
  readonly ResultSelector?: JsonObject;
  readonly Next?: string;
}

/** InputPath, the work, ResultSelector, ResultPath, OutputPath: in this order, each checked against the size limit at the end. */
async function attempt({ name, state, input, branch }: Entered, context: ContextObject): Promise<Outcome> {
  const { InputPath, OutputPath, ResultSelector, ResultPath, Next } = state as StateFields;
  const effective = filter(InputPath, 'InputPath', input, context);
  const { output, next } = await typeOf(state).run(state, { name, input: effective, context, branch });
  const selected = ResultSelector ? resolveTemplate(ResultSelector, output, context) : output;
  const combined = placeResult(input, ResultPath, selected);
  return {
    output: limitSize(filter(OutputPath, 'OutputPath', combined, context), 'the state output'),
    next: next ?? Next,
  };
}

/** A Catch puts the error into the raw input of the state, and goes on; without one the error goes up. */
function catchError(error: unknown, { state, input }: Entered): Outcome {
  if (!(error instanceof StateError)) throw error;
  const catchers: readonly Catcher[] = ('Catch' in state && state.Catch) || [];
  const catcher = catchers.find(({ ErrorEquals }) => matches(ErrorEquals, error));
  if (!catcher) throw error;
  const output = placeResult(input, catcher.ResultPath, { Error: error.error, Cause: error.cause });
  return { output: limitSize(output, 'the state output'), next: catcher.Next };
}

const explained = 'An error occurred while executing the state';

/** AWS says where a runtime error happened; the innermost state is the one that counts. */
function explain(error: unknown, name: string, eventId: number): unknown {
  if (!(error instanceof StateError) || error.error !== 'States.Runtime' || error.cause.startsWith(explained))
    return error;
  return new StateError(
    error.error,
    `${explained} '${name}' (entered at the event id #${eventId}). ${error.cause}`,
  );
}
