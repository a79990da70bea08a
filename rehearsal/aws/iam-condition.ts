import { matchesPattern } from './iam-pattern.ts';

export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
type Compare = (value: string, expected: string) => boolean;

const comparisons: Readonly<Record<string, Compare>> = {
  StringEquals: (value, expected) => value === expected,
  StringEqualsIgnoreCase: (value, expected) => value.toLowerCase() === expected.toLowerCase(),
  StringLike: (value, expected) => matchesPattern(expected, value),
  ArnEquals: (value, expected) => matchesPattern(expected, value),
  ArnLike: (value, expected) => matchesPattern(expected, value),
  Bool: (value, expected) => value.toLowerCase() === expected.toLowerCase(),
};
const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};

/** Throws for an operator that the rehearsal does not evaluate, so that no policy passes unread. */
export function refuseUnknownOperators(conditions: Conditions, where: string): void {
  for (const operator of Object.keys(conditions)) {
    const { name } = parseOperator(operator);
    if (!(name in comparisons) && !(name in negations) && name !== 'Null')
      throw new Error(`${where}: the rehearsal does not evaluate the condition operator ${operator}`);
  }
}

/** True when every condition holds. Keys are case-insensitive. Source: IAM user guide, "Condition operators". */
export function conditionsHold(conditions: Conditions, context: Readonly<Record<string, string>>): boolean {
  const values = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) =>
      holds(operator, values.get(key.toLowerCase()), typeof expected === 'string' ? [expected] : expected),
    ),
  );
}

/** Every key of the rehearsal has one value, so ForAnyValue and ForAllValues differ only when the key is absent. */
function holds(operator: string, value: string | undefined, expected: readonly string[]): boolean {
  const { name, qualifier, ifExists } = parseOperator(operator);
  if (name === 'Null') return expected.includes(String(value === undefined));
  const negated = negations[name];
  if (value === undefined) return ifExists || qualifier === 'ForAllValues' || negated !== undefined;
  const compare = comparisons[negated ?? name]!;
  const any = expected.some((item) => compare(value, item));
  return negated === undefined ? any : !any;
}

function parseOperator(operator: string) {
  const [, qualifier, name = '', ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?(.+?)(IfExists)?$/.exec(operator) ?? [];
  return { qualifier, name, ifExists: ifExists !== undefined };
}
