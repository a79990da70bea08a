import { continued, filtered } from '../common-fields.ts';
import { refuse } from '../definition-error.ts';
import type { WaitState } from '../definition.ts';
import { evaluate } from '../expression.ts';
import { referencePath, wholeNumber, type FieldCheck } from '../field-checks.ts';
import type { StateType, Visit } from '../run.ts';
import { runtimeError } from '../state-error.ts';
import { startTimer } from '../timer.ts';
import { parseTimestamp } from '../timestamp.ts';

const timestamp: FieldCheck = (value, where) => {
  if (typeof value !== 'string' || parseTimestamp(value) === undefined)
    refuse(where, 'must be an RFC 3339 timestamp');
};

export const wait: StateType<WaitState> = {
  fields: {
    ...filtered,
    ...continued,
    Seconds: wholeNumber(0, 99_999_999),
    SecondsPath: referencePath,
    Timestamp: timestamp,
    TimestampPath: referencePath,
  },
  required: [],
  check(state, where) {
    const given = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'].filter((field) => field in state);
    if (given.length !== 1)
      refuse(where, 'needs exactly one of Seconds, SecondsPath, Timestamp, TimestampPath');
  },
  async run(state, visit) {
    const { scope, run } = visit.branch;
    const milliseconds = millisecondsOf(state, visit);
    await scope.waitFor<void>((resolve) => startTimer(run.clock, Math.max(0, milliseconds), resolve));
    return { output: visit.input };
  },
};

function millisecondsOf(state: WaitState, visit: Visit): number {
  if (state.Seconds !== undefined) return state.Seconds * 1000;
  if (state.SecondsPath) return secondsAt(state.SecondsPath, visit) * 1000;
  const time = state.Timestamp ?? evaluate(state.TimestampPath!, 'TimestampPath', visit.input, visit.context);
  const end = typeof time === 'string' ? parseTimestamp(time) : undefined;
  if (end === undefined)
    throw runtimeError(`TimestampPath leads to ${JSON.stringify(time)}, not to a timestamp`);
  return end - visit.branch.run.clock.now();
}

function secondsAt(path: string, { input, context }: Visit): number {
  const value = evaluate(path, 'SecondsPath', input, context);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw runtimeError(`SecondsPath leads to ${JSON.stringify(value)}, not to whole seconds`);
}
