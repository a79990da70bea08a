import { isObject } from '../asl/json.ts';
import { matchesWildcard } from '../asl/wildcard.ts';

/** Whether an event's value fits; undefined where the event has none. */
type Test = (value: unknown) => boolean;
export type EventMatcher = (event: unknown) => boolean;

/**
 * Compiles an event pattern: every field must fit, by any of the values listed for it. Throws for an operator or a form that is
 * not implemented. Source: EventBridge User Guide, "Comparison operators for use in event patterns".
 */
export function compilePattern(pattern: unknown, at = 'EventPattern'): EventMatcher {
  if (!isObject(pattern) || Object.keys(pattern).length === 0)
    throw new Error(`${at} must be an object that is not empty`);
  const fields = Object.entries(pattern).map(([key, part]) => ({
    key,
    matches: compileField(key, part, `${at}.${key}`),
  }));
  return (event) =>
    isObject(event) &&
    fields.every(({ key, matches }) => matches(Object.hasOwn(event, key) ? event[key] : undefined));
}

function compileField(key: string, part: unknown, at: string): Test {
  if (key === '$or') throw new Error(`${at}: $or is not supported`);
  if (!Array.isArray(part)) return compileObject(part, at);
  if (part.length === 0) throw new Error(`${at}: an empty list matches nothing`);
  const tests = part.map((entry: unknown) => compileEntry(entry, at));
  return (value) => tests.some((test) => test(value));
}

/** An object that is absent has no fields: exists: false below it fits. */
function compileObject(pattern: unknown, at: string): Test {
  const matches = compilePattern(pattern, at);
  return anyElement((value) => matches(value ?? {}));
}

/** A list in the event fits if one of its elements does. */
const anyElement =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) ? value.some(test) : test(value);

function compileEntry(entry: unknown, at: string): Test {
  if (!isObject(entry)) return anyElement(exactly(entry, at));
  const [[operator, operand] = ['', undefined], ...others] = Object.entries(entry);
  if (others.length > 0)
    throw new Error(`${at}: an entry has one operator, not ${Object.keys(entry).join(' and ')}`);
  if (operator === 'exists') return exists(operand, at);
  return anyElement(compileOperator(operator, operand, `${at}.${operator}`));
}

function exists(operand: unknown, at: string): Test {
  if (typeof operand !== 'boolean') throw new Error(`${at}: exists takes true or false`);
  return (value) => (value !== undefined && !isObject(value)) === operand;
}

function exactly(expected: unknown, at: string): Test {
  if (!['string', 'number', 'boolean'].includes(typeof expected) && expected !== null) {
    throw new Error(`${at}: cannot compare with ${JSON.stringify(expected)}`);
  }
  return (value) => value === expected;
}

const textOperators: Readonly<Record<string, (value: string, operand: string) => boolean>> = {
  prefix: (value, operand) => value.startsWith(operand),
  suffix: (value, operand) => value.endsWith(operand),
  wildcard: matchesWildcard,
  'equals-ignore-case': (value, operand) => value.toLowerCase() === operand.toLowerCase(),
};

function compileOperator(operator: string, operand: unknown, at: string): Test {
  if (operator === 'numeric') return compileNumeric(operand, at);
  if (operator === 'anything-but') return compileAnythingBut(operand, at);
  const compare = Object.hasOwn(textOperators, operator) ? textOperators[operator] : undefined;
  if (!compare) throw new Error(`${at} is not supported`);
  if (typeof operand !== 'string') throw new Error(`${at} takes text`);
  return (value) => typeof value === 'string' && compare(value, operand);
}

/** A field that is absent fits no anything-but. */
function compileAnythingBut(operand: unknown, at: string): Test {
  const excluded = isObject(operand)
    ? [compileTextEntry(operand, at)]
    : listOf(operand, at).map((value) => exactly(value, at));
  return (value) => value !== undefined && !excluded.some((test) => test(value));
}

function listOf(operand: unknown, at: string): unknown[] {
  const list: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw new Error(`${at}: an empty list excludes nothing`);
  return list;
}

function compileTextEntry(entry: Record<string, unknown>, at: string): Test {
  const [[operator, operand] = ['', undefined], ...others] = Object.entries(entry);
  if (others.length > 0 || !Object.hasOwn(textOperators, operator))
    throw new Error(`${at}.${operator} is not supported`);
  const tests = listOf(operand, at).map((value) => compileOperator(operator, value, `${at}.${operator}`));
  return (value) => tests.some((test) => test(value));
}

const comparisons: Readonly<Record<string, (value: number, operand: number) => boolean>> = {
  '=': (value, operand) => value === operand,
  '<': (value, operand) => value < operand,
  '<=': (value, operand) => value <= operand,
  '>': (value, operand) => value > operand,
  '>=': (value, operand) => value >= operand,
};

/** Such as [">", 0, "<=", 5]. */
function compileNumeric(operand: unknown, at: string): Test {
  const list: unknown[] = Array.isArray(operand) ? operand : [];
  const tests = Array.from({ length: list.length / 2 }, (_, index) =>
    comparison(list[index * 2], list[index * 2 + 1], at),
  );
  if (![2, 4].includes(list.length)) throw new Error(`${at} takes one or two comparisons`);
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function comparison(operator: unknown, operand: unknown, at: string): (value: number) => boolean {
  const compare = comparisons[String(operator)];
  if (!compare || typeof operand !== 'number')
    throw new Error(`${at}: ${String(operator)} ${String(operand)} is not supported`);
  return (value) => compare(value, operand);
}
