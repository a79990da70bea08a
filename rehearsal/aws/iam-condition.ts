import { matchesPattern } from './iam-pattern.ts';

export type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
export type Context = Readonly<Record<string, string | readonly string[]>>;
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
export function conditionsHold(conditions: Conditions, context: Context): boolean {
  const values = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), asList(value)]));
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) =>
      holds(operator, values.get(key.toLowerCase()), asList(expected)),
    ),
  );
}

/** Of a key with several values every one has to match with ForAllValues, else one. */
function holds(
  operator: string,
  values: readonly string[] | undefined,
  expected: readonly string[],
): boolean {
  const { name, qualifier, ifExists } = parseOperator(operator);
  if (name === 'Null') return expected.includes(String(values === undefined));
  const negated = negations[name];
  if (values === undefined) return ifExists || qualifier === 'ForAllValues' || negated !== undefined;
  const compare = comparisons[negated ?? name]!;
  const passes = (value: string) => expected.some((item) => compare(value, item)) === (negated === undefined);
  return qualifier === 'ForAllValues' ? values.every(passes) : values.some(passes);
}

const asList = (value: string | readonly string[]) => (typeof value === 'string' ? [value] : value);

function parseOperator(operator: string) {
  const [, qualifier, name = '', ifExists] =
    /^(?:(ForAnyValue|ForAllValues):)?(.+?)(IfExists)?$/.exec(operator) ?? [];
  return { qualifier, name, ifExists: ifExists !== undefined };
}
