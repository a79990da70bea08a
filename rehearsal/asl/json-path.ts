import { isObject, type Json } from './json.ts';

type Segment = { readonly key: string } | { readonly index: number } | { readonly all: true };

export interface JsonPath {
  readonly text: string;
  /** `$` is the input, `$$` the context object. */
  readonly root: '$' | '$$';
  readonly segments: readonly Segment[];
}

const segmentPattern = /\.([\p{L}\p{N}_-]+)|\['([^'\\]+)'\]|\[(\d+)\]|\[\*\]/uy;
const supportedForms = "supported: $, $$, .name, ['name'], [0], [*]";

/** Reads a path that begins at `start` and may be followed by more text, as among an intrinsic's arguments. */
export function scanPath(text: string, start: number): { path: JsonPath; end: number } {
  const root = text.startsWith('$$', start) ? '$$' : '$';
  const segments: Segment[] = [];
  segmentPattern.lastIndex = start + root.length;
  let end = segmentPattern.lastIndex;
  for (let match = segmentPattern.exec(text); match; match = segmentPattern.exec(text)) {
    segments.push(segmentOf(match));
    end = segmentPattern.lastIndex;
  }
  return { path: { text: text.slice(start, end), root, segments }, end };
}

const known = new Map<string, JsonPath>();

/** Parses a path; throws SyntaxError for every form that is not supported. */
export function parsePath(text: string): JsonPath {
  const before = known.get(text);
  if (before) return before;
  if (!text.startsWith('$')) throw new SyntaxError(`a path begins with $, not ${JSON.stringify(text)}`);
  const { path, end } = scanPath(text, 0);
  if (end < text.length) {
    throw new SyntaxError(
      `${JSON.stringify(text)} is not supported from ${JSON.stringify(text.slice(end))} on (${supportedForms})`,
    );
  }
  known.set(text, path);
  return path;
}

function segmentOf([whole, dotted, quoted, index]: RegExpExecArray): Segment {
  if (whole === '[*]') return { all: true };
  if (index !== undefined) return { index: Number(index) };
  return { key: (dotted ?? quoted)! };
}

/** A path that can name one place only, as ResultPath and its kin need. */
export const isReference = (path: JsonPath) => path.segments.every((segment) => !('all' in segment));

/** The value a path leads to; undefined where there is none. After [*] it is a list of what was found. */
export function readPath(path: JsonPath, value: Json): Json | undefined {
  return read(path.segments, value);
}

function read([first, ...rest]: readonly Segment[], value: Json): Json | undefined {
  if (!first) return value;
  if ('all' in first) return readAll(rest, value);
  const next = step(first, value);
  return next === undefined ? undefined : read(rest, next);
}

/** What lies before [*] must exist; an element that lacks what comes after it is left out. */
function readAll(rest: readonly Segment[], value: Json): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found = Object.values(value).map((element: Json) => read(rest, element));
  const nested = rest.some((segment) => 'all' in segment);
  const present = found.filter((element) => element !== undefined);
  return nested ? present.flat(1) : present;
}

function step(segment: { key: string } | { index: number }, value: Json): Json | undefined {
  if ('index' in segment) return Array.isArray(value) ? (value as readonly Json[])[segment.index] : undefined;
  return isObject(value) && Object.hasOwn(value, segment.key) ? value[segment.key] : undefined;
}
