import type { ContextObject } from './context-object.ts';
import type { ChoiceRule } from './definition.ts';
import { refuse, within, type Where } from './definition-error.ts';
import { resolvePath } from './expression.ts';
import {
  anyText,
  listOf,
  objectOf,
  path,
  referencePath,
  type FieldCheck,
  type FieldChecks,
} from './field-checks.ts';
import type { Json } from './json.ts';
import { parsePath, readPath } from './json-path.ts';
import { parseTimestamp } from './timestamp.ts';
import { matchesWildcard } from './wildcard.ts';

type Compare = (value: Json, operand: Json) => boolean;

const isText = (value: unknown) => typeof value === 'string';
const isNumber = (value: unknown) => typeof value === 'number';
const isFlag = (value: unknown) => typeof value === 'boolean';
const isTime = (value: unknown) => typeof value === 'string' && parseTimestamp(value) !== undefined;

const operators: Record<string, Compare> = {};
const operands: Record<string, FieldCheck> = {};

/** Values of another type than the operator's are not equal, not less and not greater: no rule matches them. */
function define(name: string, is: (value: unknown) => boolean, compare: Compare): void {
  operators[name] = (value, operand) => is(value) && is(operand) && compare(value, operand);
  operands[name] = (value, where) =>
    void (is(value) || refuse(where, `cannot compare with ${JSON.stringify(value)}`));
  operands[`${name}Path`] = referencePath;
}

function defineOrder(
  prefix: string,
  is: (value: unknown) => boolean,
  order: (value: Json) => number | string,
): void {
  define(`${prefix}Equals`, is, (a, b) => order(a) === order(b));
  define(`${prefix}LessThan`, is, (a, b) => order(a) < order(b));
  define(`${prefix}LessThanEquals`, is, (a, b) => order(a) <= order(b));
  define(`${prefix}GreaterThan`, is, (a, b) => order(a) > order(b));
  define(`${prefix}GreaterThanEquals`, is, (a, b) => order(a) >= order(b));
}

function defineTest(name: string, is: (value: Json) => boolean): void {
  operators[name] = (value, operand) => is(value) === operand;
  operands[name] = (value, where) => void (isFlag(value) || refuse(where, 'must be true or false'));
}

defineOrder('String', isText, String);
defineOrder('Numeric', isNumber, Number);
defineOrder('Timestamp', isTime, (value) => parseTimestamp(String(value))!);
define('BooleanEquals', isFlag, (a, b) => a === b);
define('StringMatches', isText, (value, pattern) => matchesWildcard(String(value), String(pattern)));
delete operands['StringMatchesPath'];
defineTest('IsNull', (value) => value === null);
defineTest('IsString', isText);
defineTest('IsNumeric', isNumber);
defineTest('IsBoolean', isFlag);
defineTest('IsTimestamp', isTime);
operands['IsPresent'] = operands['IsNull']!;

const ruleFields: FieldChecks = {
  ...operands,
  Comment: anyText,
  Variable: path,
  Next: anyText,
  And: listOf((rule, where) => checkInner(rule, where)),
  Or: listOf((rule, where) => checkInner(rule, where)),
  Not: (rule, where) => checkInner(rule, where),
};

/** A rule of a Choice: what it compares, and the state it leads to. */
export const choiceRule: FieldCheck = (rule, where) => {
  checkRule(rule, where);
  if (!('Next' in (rule as object))) refuse(within(where, 'Next'), 'is missing');
};

function checkInner(rule: unknown, where: Where): void {
  checkRule(rule, where);
  if ('Next' in (rule as object)) refuse(within(where, 'Next'), 'belongs to the outermost rule');
}

function checkRule(rule: unknown, where: Where): void {
  objectOf(ruleFields)(rule, where);
  const fields = Object.keys(rule as object).filter(
    (field) => !['Comment', 'Next', 'Variable'].includes(field),
  );
  if (fields.length !== 1)
    refuse(where, `needs exactly one comparison, not ${fields.join(' and ') || 'none'}`);
  const joins = ['And', 'Or', 'Not'].includes(fields[0]!);
  if (joins === 'Variable' in (rule as object))
    refuse(within(where, 'Variable'), joins ? 'does not belong here' : 'is missing');
}

/** Whether a rule holds. Throws States.Runtime where a path leads nowhere. */
export function holds(rule: ChoiceRule, input: Json, context: ContextObject): boolean {
  if (rule['And']) return (rule['And'] as ChoiceRule[]).every((part) => holds(part, input, context));
  if (rule['Or']) return (rule['Or'] as ChoiceRule[]).some((part) => holds(part, input, context));
  if (rule['Not']) return !holds(rule['Not'] as ChoiceRule, input, context);
  const variable = parsePath(rule['Variable'] as string);
  if ('IsPresent' in rule) {
    return (readPath(variable, variable.root === '$$' ? context : input) !== undefined) === rule['IsPresent'];
  }
  const [operator, operand] = Object.entries(rule).find(([field]) => field in operands)!;
  const value = resolvePath(variable, 'Variable', input, context);
  if (operators[operator]) return operators[operator](value, operand);
  return operators[operator.slice(0, -'Path'.length)]!(
    value,
    resolvePath(parsePath(operand as string), operator, input, context),
  );
}
