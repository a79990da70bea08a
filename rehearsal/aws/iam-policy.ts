import { conditionsHold, refuseUnknownOperators, type Conditions } from './iam-condition.ts';
import { matchesPattern } from './iam-pattern.ts';
import type { PermissionCheck } from './service.ts';

interface StatementSource {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Conditions;
  readonly Sid?: string;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Conditions;
}

const knownFields = ['Sid', 'Effect', 'Action', 'Resource', 'Condition'];

/** Reads an identity policy. Throws, naming where, for every element that the rehearsal does not evaluate. */
export function readPolicy(document: unknown, where: string): Statement[] {
  const { Statement: source } = document as { Statement: StatementSource | readonly StatementSource[] };
  return asList(source).map((statement) => readStatement(statement, where));
}

function readStatement(source: StatementSource, where: string): Statement {
  const unknown = Object.keys(source).filter((field) => !knownFields.includes(field));
  if (unknown.length > 0) throw new Error(`${where}: the rehearsal does not evaluate ${unknown.join(', ')}`);
  const resources = asList(source.Resource ?? []);
  const variable = resources.find((resource) => typeof resource !== 'string' || resource.includes('${'));
  if (variable !== undefined)
    throw new Error(`${where}: the rehearsal does not evaluate the resource ${JSON.stringify(variable)}`);
  refuseUnknownOperators(source.Condition ?? {}, where);
  return {
    effect: source.Effect,
    actions: asList(source.Action ?? []),
    resources,
    conditions: source.Condition ?? {},
  };
}

/** An explicit deny wins; without an allow there is none. */
export function decide(
  statements: readonly Statement[],
  check: PermissionCheck,
): 'allowed' | 'denied' | 'not allowed' {
  const applying = statements.filter((statement) => applies(statement, check));
  if (applying.some(({ effect }) => effect === 'Deny')) return 'denied';
  return applying.length > 0 ? 'allowed' : 'not allowed';
}

function applies(
  { actions, resources, conditions }: Statement,
  { action, resource, context }: PermissionCheck,
): boolean {
  return (
    actions.some((pattern) => matchesPattern(pattern, action, true)) &&
    resources.some((pattern) => matchesPattern(pattern, resource)) &&
    conditionsHold(conditions, context ?? {})
  );
}

const asList = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];
