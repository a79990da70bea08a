import { continued, filtered, resulting } from '../common-fields.ts';
import { refuse, within } from '../definition-error.ts';
import type { PassState } from '../definition.ts';
import { template, type FieldCheck } from '../field-checks.ts';
import type { Json } from '../json.ts';
import { checkPlain, resolveTemplate } from '../payload-template.ts';
import type { StateType } from '../run.ts';

const plain: FieldCheck = (value, where) => checkPlain(value as Json, where);

export const pass: StateType<PassState> = {
  fields: { ...filtered, ...continued, ...resulting, Result: plain, Parameters: template },
  required: [],
  check(state, where) {
    if (state.Result !== undefined && state.Parameters) refuse(within(where, 'Result'), 'hides Parameters');
  },
  async run({ Result, Parameters }, { input, context }) {
    if (Result !== undefined) return { output: Result };
    return { output: Parameters ? resolveTemplate(Parameters, input, context) : input };
  },
};
