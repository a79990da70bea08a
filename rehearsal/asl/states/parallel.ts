import { continued, filtered, guarded } from '../common-fields.ts';
import type { ParallelState } from '../definition.ts';
import { anyText, listOf, objectOf, template } from '../field-checks.ts';
import { resolveTemplate } from '../payload-template.ts';
import type { StateType } from '../run.ts';
import { runTogether } from '../run-together.ts';
import type { Scope } from '../scope.ts';
import { StateError } from '../state-error.ts';

export const parallel: StateType<ParallelState> = {
  fields: {
    ...filtered,
    ...continued,
    ...guarded,
    Parameters: template,
    Branches: listOf(
      objectOf({ Comment: anyText, StartAt: anyText, States: () => {} }, ['StartAt', 'States']),
    ),
  },
  required: ['Branches'],
  graphs: ({ Branches }) =>
    Branches.map((graph, index) => ({ graph, field: `Branches[${index}]`, insideMap: false })),
  async run(state, { name, input, context, branch }) {
    const { history } = branch.run;
    const given = state.Parameters ? resolveTemplate(state.Parameters, input, context) : input;
    history.record('ParallelStateStarted', { name });
    const jobs = state.Branches.map(
      (graph) => (scope: Scope) => branch.run.runGraph(graph, given, { ...branch, scope }),
    );
    const output = await runTogether(jobs, jobs.length, branch.scope).catch((error: unknown) => {
      history.record(error instanceof StateError ? 'ParallelStateFailed' : 'ParallelStateAborted', { name });
      throw error;
    });
    history.record('ParallelStateSucceeded', { name });
    return { output };
  },
};
