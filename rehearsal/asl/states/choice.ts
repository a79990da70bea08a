import { choiceRule, holds } from '../choice-rule.ts';
import { filtered } from '../common-fields.ts';
import type { ChoiceState } from '../definition.ts';
import { anyText, listOf } from '../field-checks.ts';
import type { StateType } from '../run.ts';
import { runtimeError } from '../state-error.ts';

export const choice: StateType<ChoiceState> = {
  fields: { ...filtered, Choices: listOf(choiceRule), Default: anyText },
  required: ['Choices'],
  async run({ Choices, Default }, { name, input, context }) {
    const next = Choices.find((rule) => holds(rule, input, context))?.['Next'] ?? Default;
    if (next === undefined)
      throw runtimeError(`Failed to transition out of the state '${name}': no choice matched`);
    return { output: input, next: next as string };
  },
};
