import { described, seconds } from './common-fields.ts';
import { DefinitionError, refuse, within, type Where } from './definition-error.ts';
import type { Graph, State, StateMachine } from './definition.ts';
import { anyText, checkFields, oneOf, type FieldChecks } from './field-checks.ts';
import { checkGraph } from './graph.ts';
import { isObject } from './json.ts';
import { stateTypeNames, typeOf } from './states/index.ts';

const machineFields: FieldChecks = {
  Comment: anyText,
  Version: oneOf('1.0'),
  QueryLanguage: oneOf('JSONPath'),
  StartAt: anyText,
  TimeoutSeconds: seconds,
  States: () => {},
};

const machineWhere: Where = { state: '(state machine)', field: '', insideMap: false, hasToken: false };

/**
 * Reads a definition and refuses everything that AWS would refuse or this interpreter does not implement: what is run is
 * understood to the last field. Throws DefinitionError, which names state and field.
 */
export function loadDefinition(source: string): StateMachine {
  const definition = parseSource(source);
  checkFields(definition, machineFields, machineWhere, (field) => ({ ...machineWhere, field }));
  for (const field of ['StartAt', 'States'])
    if (!(field in definition)) refuse({ ...machineWhere, field }, 'is missing');
  loadGraph(definition as unknown as Graph, machineWhere, new Set());
  return definition as unknown as StateMachine;
}

function parseSource(source: string): object {
  const leftover = /\$\{[^}]*\}/.exec(source)?.[0];
  if (leftover)
    throw new DefinitionError(
      { state: '(state machine)', field: '' },
      `nothing was substituted for ${leftover}`,
    );
  const definition: unknown = JSON.parse(source);
  return isObject(definition) ? definition : refuse(machineWhere, 'a definition is an object');
}

/** State names are unique in the whole machine, as AWS demands. */
function loadGraph(graph: Graph, around: Where, names: Set<string>): void {
  if (!isObject(graph.States)) refuse({ ...around, field: 'States' }, 'must be an object');
  for (const [name, state] of Object.entries(graph.States)) {
    const where = { ...around, state: name, field: '' };
    if (names.has(name)) refuse({ ...where, field: 'States' }, 'two states have this name');
    names.add(name);
    loadState(state, where, names);
  }
  checkGraph(graph, around);
}

function loadState(state: State, where: Where, names: Set<string>): void {
  if (!stateTypeNames.includes(state?.Type)) {
    refuse(
      { ...where, field: 'Type' },
      `must be one of ${stateTypeNames.join(', ')}, not ${JSON.stringify(state?.Type)}`,
    );
  }
  const type = typeOf(state);
  const field = (name: string): Where => ({ ...where, field: name });
  const hasToken = 'Resource' in state && state.Resource.endsWith('.waitForTaskToken');
  checkFields(state, { ...described, ...type.fields }, where, (name) => ({
    ...field(name),
    hasToken: hasToken && name === 'Parameters',
  }));
  for (const required of type.required) if (!(required in state)) refuse(field(required), 'is missing');
  type.check?.(state, field(state.Type));
  for (const { graph, field: name, insideMap } of type.graphs?.(state) ?? []) {
    loadGraph(graph, { ...within(where, name), field: name, insideMap: where.insideMap || insideMap }, names);
  }
}
