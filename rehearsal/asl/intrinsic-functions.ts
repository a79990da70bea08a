import { unescape, type Argument, type Call } from './intrinsic.ts';
import type { Json } from './json.ts';
import type { JsonPath } from './json-path.ts';
import { runtimeError } from './state-error.ts';

interface Intrinsic {
  readonly arguments: { readonly least: number; readonly most: number };
  evaluate(values: readonly Json[], call: Call): Json;
}

const one = { least: 1, most: 1 };
const many = { least: 0, most: 10_000 };

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  'States.Format': { arguments: { least: 1, most: 10_000 }, evaluate: format },
  'States.StringToJson': { arguments: one, evaluate: ([text]) => parseJson(text) },
  'States.JsonToString': { arguments: one, evaluate: ([value]) => JSON.stringify(value) },
  'States.ArrayLength': { arguments: one, evaluate: ([list]) => lengthOf(list) },
  'States.Array': { arguments: many, evaluate: (values) => [...values] },
};

/** Throws SyntaxError for a function that is not implemented or is given the wrong number of arguments. */
export function checkCall({ name, args }: Call, checkPath: (path: JsonPath) => void): void {
  const intrinsic = intrinsics[name];
  if (!intrinsic)
    throw new SyntaxError(`${name} is not supported (supported: ${Object.keys(intrinsics).join(', ')})`);
  const { least, most } = intrinsic.arguments;
  if (args.length < least || args.length > most)
    throw new SyntaxError(`${name} does not take ${args.length} arguments`);
  for (const argument of args) {
    if ('call' in argument) checkCall(argument.call, checkPath);
    if ('path' in argument) checkPath(argument.path);
  }
}

export function evaluateCall(call: Call, readPath: (path: JsonPath) => Json): Json {
  const values = call.args.map((argument) => evaluateArgument(argument, readPath));
  return intrinsics[call.name]!.evaluate(values, call);
}

function evaluateArgument(argument: Argument, readPath: (path: JsonPath) => Json): Json {
  if ('literal' in argument) return unescape(argument.literal);
  if ('value' in argument) return argument.value;
  return 'path' in argument ? readPath(argument.path) : evaluateCall(argument.call, readPath);
}

function format([template, ...values]: readonly Json[], { args }: Call): Json {
  const [first] = args;
  const raw = first && 'literal' in first ? first.literal : template;
  if (typeof raw !== 'string') throw runtimeError('The first argument of States.Format must be a string');
  const pieces = raw.split(/(?<!\\)\{\}/);
  if (pieces.length !== values.length + 1) {
    throw runtimeError(`States.Format: ${pieces.length - 1} occurrences of {} but ${values.length} values`);
  }
  return pieces
    .map((piece, index) => (index === 0 ? '' : textOf(values[index - 1]!)) + unescape(piece))
    .join('');
}

function textOf(value: Json): string {
  if (typeof value === 'object' && value !== null)
    throw runtimeError('States.Format takes no objects and no arrays');
  return String(value);
}

function parseJson(text: Json | undefined): Json {
  try {
    if (typeof text === 'string') return JSON.parse(text) as Json;
  } catch {
    // Answered below: what is no JSON fails as what is no string does.
  }
  throw runtimeError(`States.StringToJson: ${JSON.stringify(text)} is not a string of JSON`);
}

function lengthOf(list: Json | undefined): number {
  if (Array.isArray(list)) return list.length;
  throw runtimeError('States.ArrayLength takes an array');
}
