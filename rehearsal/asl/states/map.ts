import { continued, filtered, guarded } from '../common-fields.ts';
import type { MapState } from '../definition.ts';
import { evaluate } from '../expression.ts';
import {
  anyText,
  objectOf,
  oneOf,
  referencePath,
  template,
  wholeNumber,
  type FieldCheck,
} from '../field-checks.ts';
import type { Json, JsonObject } from '../json.ts';
import { maxInlineConcurrency } from '../limits.ts';
import { resolveTemplate } from '../payload-template.ts';
import type { StateType, Visit } from '../run.ts';
import { runTogether } from '../run-together.ts';
import type { Scope } from '../scope.ts';
import { runtimeError, StateError } from '../state-error.ts';

/** The graph inside is checked by the loader, state by state. */
const anyGraph: FieldCheck = () => {};

export const map: StateType<MapState> = {
  fields: {
    ...filtered,
    ...continued,
    ...guarded,
    ItemsPath: referencePath,
    ItemSelector: (value, where) => template(value, { ...where, insideMap: true }),
    MaxConcurrency: wholeNumber(0, 10_000),
    ItemProcessor: objectOf(
      {
        Comment: anyText,
        ProcessorConfig: objectOf({ Mode: oneOf('INLINE') }),
        StartAt: anyText,
        States: anyGraph,
      },
      ['StartAt', 'States'],
    ),
  },
  required: ['ItemProcessor'],
  graphs: ({ ItemProcessor }) => [{ graph: ItemProcessor, field: 'ItemProcessor', insideMap: true }],
  async run(state, visit) {
    const { history } = visit.branch.run;
    const items = itemsOf(state, visit);
    history.record('MapStateStarted', { name: visit.name, length: items.length });
    const jobs = items.map((item, index) => (scope: Scope) => runIteration(state, visit, scope, item, index));
    const atOnce = Math.min(state.MaxConcurrency || maxInlineConcurrency, maxInlineConcurrency);
    const output = await runTogether(jobs, atOnce, visit.branch.scope).catch((error: unknown) =>
      failMap(error, visit),
    );
    history.record('MapStateSucceeded', { name: visit.name });
    return { output };
  },
};

function itemsOf({ ItemsPath }: MapState, { input, context }: Visit): readonly Json[] {
  const items = ItemsPath ? evaluate(ItemsPath, 'ItemsPath', input, context) : input;
  if (Array.isArray(items)) return items as readonly Json[];
  throw runtimeError(`Reference path "${ItemsPath ?? '$'}" must point to array.`);
}

async function runIteration(
  state: MapState,
  visit: Visit,
  scope: Scope,
  item: Json,
  index: number,
): Promise<Json> {
  const { name, branch, context } = visit;
  const extra: JsonObject = { Map: { Item: { Index: index, Value: item } } };
  const { history } = branch.run;
  history.record('MapIterationStarted', { name, index });
  try {
    const input = state.ItemSelector
      ? resolveTemplate(state.ItemSelector, visit.input, { ...context, ...extra })
      : item;
    const iteration = { ...branch, scope, context: { ...branch.context, ...extra } };
    const output = await branch.run.runGraph(state.ItemProcessor, input, iteration);
    history.record('MapIterationSucceeded', { name, index });
    return output;
  } catch (error) {
    history.record(error instanceof StateError ? 'MapIterationFailed' : 'MapIterationAborted', {
      name,
      index,
    });
    throw error;
  }
}

function failMap(error: unknown, { name, branch }: Visit): never {
  branch.run.history.record(error instanceof StateError ? 'MapStateFailed' : 'MapStateAborted', { name });
  throw error;
}
