import { contextProblem, type ContextObject } from './context-object.ts';
import { refuse, type Where } from './definition-error.ts';
import { parseIntrinsic, type Call } from './intrinsic.ts';
import { checkCall, evaluateCall } from './intrinsic-functions.ts';
import type { Json } from './json.ts';
import { parsePath, readPath, type JsonPath } from './json-path.ts';
import { runtimeError } from './state-error.ts';

/** Whether a text has the look of a path or an intrinsic, and so would be meant as one. */
export const looksLikeExpression = (text: string) => /^\$(?:\$|\.|\[|$)|^States\.[A-Za-z]+\(/.test(text);

/** Refuses, at load, a path whose form or context field is unknown. */
export function checkPath(text: string, where: Where): JsonPath {
  try {
    const path = parsePath(text);
    const problem = contextProblem(path, where);
    return problem ? refuse(where, problem) : path;
  } catch (error) {
    return asRefusal(error, where);
  }
}

/** Refuses, at load, a path or intrinsic call that is not implemented. */
export function checkExpression(text: string, where: Where): void {
  if (!text.startsWith('States.')) return void checkPath(text, where);
  try {
    checkCall(parseIntrinsic(text), (path) => {
      const problem = contextProblem(path, where);
      if (problem) refuse(where, problem);
    });
  } catch (error) {
    asRefusal(error, where);
  }
}

function asRefusal(error: unknown, where: Where): never {
  throw error instanceof SyntaxError ? refuse(where, error.message) : error;
}

/** Reads a path that must lead somewhere; `field` is for the message. */
export function resolvePath(path: JsonPath, field: string, input: Json, context: ContextObject): Json {
  const value = readPath(path, path.root === '$$' ? context : input);
  if (value !== undefined) return value;
  throw runtimeError(
    `The JSONPath '${path.text}' specified for the field '${field}' could not be found in the input '${JSON.stringify(input)}'`,
  );
}

const calls = new Map<string, Call>();

/** The value of a path or an intrinsic call. */
export function evaluate(text: string, field: string, input: Json, context: ContextObject): Json {
  if (!text.startsWith('States.')) return resolvePath(parsePath(text), field, input, context);
  const call = calls.get(text) ?? parseIntrinsic(text);
  calls.set(text, call);
  return evaluateCall(call, (path) => resolvePath(path, field, input, context));
}

/** InputPath and OutputPath: the whole unless said, and nothing at all for null. */
export function filter(
  path: string | null | undefined,
  field: string,
  value: Json,
  context: ContextObject,
): Json {
  if (path === undefined) return value;
  return path === null ? {} : evaluate(path, field, value, context);
}
