import { refuse, within } from '../definition-error.ts';
import type { FailState } from '../definition.ts';
import { evaluate } from '../expression.ts';
import { expression, plainText } from '../field-checks.ts';
import type { StateType, Visit } from '../run.ts';
import { runtimeError, StateError } from '../state-error.ts';

export const fail: StateType<FailState> = {
  fields: { Error: plainText, ErrorPath: expression, Cause: plainText, CausePath: expression },
  required: [],
  check(state, where) {
    if (state.Error !== undefined && state.ErrorPath)
      refuse(within(where, 'ErrorPath'), 'stands beside Error');
    if (state.Cause !== undefined && state.CausePath)
      refuse(within(where, 'CausePath'), 'stands beside Cause');
  },
  async run(state, visit) {
    const error = state.ErrorPath ? textAt(state.ErrorPath, 'ErrorPath', visit) : (state.Error ?? '');
    const cause = state.CausePath ? textAt(state.CausePath, 'CausePath', visit) : (state.Cause ?? '');
    throw new StateError(error, cause);
  },
};

function textAt(path: string, field: string, { input, context }: Visit): string {
  const value = evaluate(path, field, input, context);
  if (typeof value === 'string') return value;
  throw runtimeError(`The value of the field '${field}' must be a string, not ${JSON.stringify(value)}`);
}
