import type { ContextObject } from './context-object.ts';
import { refuse, within, type Where } from './definition-error.ts';
import { checkExpression, evaluate, looksLikeExpression } from './expression.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

/** Parameters, ResultSelector and ItemSelector: an object whose keys that end in .$ are evaluated. */
export function checkTemplate(template: unknown, where: Where): void {
  if (!isObject(template)) refuse(where, 'must be an object');
  for (const [key, value] of Object.entries(template)) checkEntry(template, key, value, within(where, key));
}

function checkEntry(template: JsonObject, key: string, value: Json, where: Where): void {
  if (!key.endsWith('.$')) return checkPlain(value, where);
  if (Object.hasOwn(template, key.slice(0, -2))) refuse(where, `stands beside the same key without .$`);
  if (typeof value !== 'string' || !looksLikeExpression(value))
    refuse(where, 'must be a path or an intrinsic function');
  checkExpression(value, where);
}

/** A plain value passes as it is; one that looks like a path is a forgotten .$ that AWS would pass on as text. */
export function checkPlain(value: Json, where: Where): void {
  if (typeof value === 'string' && looksLikeExpression(value)) {
    refuse(where, `${JSON.stringify(value)} would be passed as text: the key lacks its .$`);
  }
  if (Array.isArray(value)) value.forEach((element, index) => checkPlain(element, within(where, index)));
  else if (isObject(value)) checkTemplate(value, where);
}

export function resolveTemplate(template: JsonObject, input: Json, context: ContextObject): JsonObject {
  return resolve(template, input, context) as JsonObject;
}

function resolve(template: Json, input: Json, context: ContextObject): Json {
  if (Array.isArray(template)) return template.map((element) => resolve(element, input, context));
  if (!isObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$')
        ? [key.slice(0, -2), evaluate(value as string, key, input, context)]
        : [key, resolve(value, input, context)],
    ),
  );
}
