import { isObject, type Json, type JsonObject } from './json.ts';
import { parsePath } from './json-path.ts';
import { StateError } from './state-error.ts';

/** Puts a state's result into its raw input, at ResultPath, without changing the input. */
export function placeResult(input: Json, path: string | null | undefined, result: Json): Json {
  if (path === null) return input;
  if (path === undefined || path === '$') return result;
  const keys = parsePath(path).segments.map((segment) => ('key' in segment ? segment.key : ''));
  return place(input, keys, result, path);
}

function place(into: Json, [key, ...rest]: readonly string[], result: Json, path: string): Json {
  if (key === undefined) return result;
  if (!isObject(into)) {
    throw new StateError(
      'States.ResultPathMatchFailure',
      `Unable to apply ReferencePath ${path} to input ${JSON.stringify(into)}`,
    );
  }
  const below: Json = Object.hasOwn(into, key) ? into[key]! : ({} satisfies JsonObject);
  return { ...into, [key]: place(below, rest, result, path) };
}
