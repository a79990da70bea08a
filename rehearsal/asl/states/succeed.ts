import { filtered } from '../common-fields.ts';
import type { SucceedState } from '../definition.ts';
import type { StateType } from '../run.ts';

export const succeed: StateType<SucceedState> = {
  fields: filtered,
  required: [],
  run: async (_state, { input }) => ({ output: input }),
};
