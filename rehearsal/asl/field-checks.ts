import { refuse, within, type Where } from './definition-error.ts';
import { isObject } from './json.ts';
import { isReference } from './json-path.ts';
import { checkExpression, checkPath, looksLikeExpression } from './expression.ts';
import { checkTemplate } from './payload-template.ts';

/** Accepts a field's value or throws DefinitionError. */
export type FieldCheck = (value: unknown, where: Where) => void;
export type FieldChecks = Readonly<Record<string, FieldCheck>>;

/** Refuses every field that has no check: what is not known cannot be ignored. */
export function checkFields(
  value: object,
  checks: FieldChecks,
  where: Where,
  at = (field: string) => within(where, field),
): void {
  for (const [field, content] of Object.entries(value)) {
    const check = Object.hasOwn(checks, field) ? checks[field] : undefined;
    if (!check) refuse(at(field), `is not supported (supported: ${Object.keys(checks).join(', ')})`);
    check(content, at(field));
  }
}

export const anyText: FieldCheck = (value, where) => {
  if (typeof value !== 'string') refuse(where, `must be text, not ${JSON.stringify(value)}`);
};

/** Text that is used as it stands. */
export const plainText: FieldCheck = (value, where) => {
  anyText(value, where);
  if (looksLikeExpression(value as string))
    refuse(where, `${JSON.stringify(value)} would be used as text, not as a path`);
};

export const oneOf =
  (...accepted: readonly unknown[]): FieldCheck =>
  (value, where) => {
    if (!accepted.includes(value))
      refuse(where, `must be ${accepted.join(' or ')}, not ${JSON.stringify(value)}`);
  };

export const wholeNumber =
  (least: number, most: number): FieldCheck =>
  (value, where) => {
    if (!Number.isInteger(value) || Number(value) < least || Number(value) > most) {
      refuse(where, `must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`);
    }
  };

export const number =
  (least: number): FieldCheck =>
  (value, where) => {
    if (typeof value !== 'number' || value < least) refuse(where, `must be a number of at least ${least}`);
  };

export const path: FieldCheck = (value, where) => {
  anyText(value, where);
  checkPath(value as string, where);
};

export const expression: FieldCheck = (value, where) => {
  anyText(value, where);
  checkExpression(value as string, where);
};

export const referencePath: FieldCheck = (value, where) => {
  anyText(value, where);
  if (!isReference(checkPath(value as string, where))) refuse(where, '[*] does not name one place');
};

/** Where a result is put: object keys below the input only. */
export const resultPath: FieldCheck = (value, where) => {
  anyText(value, where);
  const { root, segments } = checkPath(value as string, where);
  if (root === '$$') refuse(where, 'cannot write into the context object');
  if (segments.some((segment) => !('key' in segment))) refuse(where, 'only names are supported below $');
};

export const orNull =
  (check: FieldCheck): FieldCheck =>
  (value, where) => {
    if (value !== null) check(value, where);
  };

export const listOf =
  (check: FieldCheck): FieldCheck =>
  (value, where) => {
    if (!Array.isArray(value) || value.length === 0) refuse(where, 'must be a list that is not empty');
    value.forEach((element, index) => check(element, within(where, index)));
  };

export const objectOf =
  (checks: FieldChecks, required: readonly string[] = []): FieldCheck =>
  (value, where) => {
    if (!isObject(value)) refuse(where, 'must be an object');
    checkFields(value, checks, where);
    for (const field of required) if (!(field in value)) refuse(within(where, field), 'is missing');
  };

export const template: FieldCheck = checkTemplate;
