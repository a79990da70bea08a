import { refuse, type Where } from './definition-error.ts';
import type { Catcher, ChoiceRule, Graph, State } from './definition.ts';
import { typeOf } from './states/index.ts';

/** Every state ends or leads on, to a state of its own graph, and every state can be reached. */
export function checkGraph(graph: Graph, around: Where): void {
  const { StartAt, States } = graph;
  if (!Object.hasOwn(States, StartAt))
    refuse({ ...around, field: 'StartAt' }, `there is no state ${JSON.stringify(StartAt)}`);
  for (const [name, state] of Object.entries(States)) checkState(name, state, States, around);
  const reached = reach(graph);
  const lost = Object.keys(States).find((name) => !reached.has(name));
  if (lost) refuse({ ...around, state: lost, field: 'States' }, 'nothing leads to this state');
}

function checkState(name: string, state: State, states: Graph['States'], around: Where): void {
  if ('Next' in typeOf(state).fields && 'Next' in state === 'End' in state) {
    refuse({ ...around, state: name, field: 'Next' }, 'a state has either Next or End');
  }
  for (const [field, target] of targetsOf(state)) {
    if (!Object.hasOwn(states, target))
      refuse({ ...around, state: name, field }, `there is no state ${JSON.stringify(target)}`);
  }
}

function targetsOf(state: State): [field: string, target: string][] {
  const targets: [string, string][] = [];
  if ('Next' in state && state.Next) targets.push(['Next', state.Next]);
  if ('Default' in state && state.Default) targets.push(['Default', state.Default]);
  const catchers: readonly Catcher[] = ('Catch' in state && state.Catch) || [];
  const rules: readonly ChoiceRule[] = 'Choices' in state ? state.Choices : [];
  catchers.forEach(({ Next }, index) => targets.push([`Catch[${index}].Next`, Next]));
  rules.forEach((rule, index) => targets.push([`Choices[${index}].Next`, rule['Next'] as string]));
  return targets;
}

function reach({ StartAt, States }: Graph): Set<string> {
  const reached = new Set([StartAt]);
  // A Set's iterator also visits what is added on the way.
  for (const name of reached) for (const [, target] of targetsOf(States[name]!)) reached.add(target);
  return reached;
}
