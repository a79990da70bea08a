import { scanPath, type JsonPath } from './json-path.ts';

/** A parsed intrinsic call. A literal keeps its escapes: States.Format tells `{}` from `\{\}`. */
export interface Call {
  readonly name: string;
  readonly args: readonly Argument[];
}
export type Argument =
  | { readonly literal: string }
  | { readonly value: number | null }
  | { readonly path: JsonPath }
  | { readonly call: Call };

/** Parses `States.Name(argument, ...)`; throws SyntaxError for what is not supported. */
export function parseIntrinsic(text: string): Call {
  const reader = new Reader(text);
  const call = reader.readCall();
  reader.expectEnd();
  return call;
}

class Reader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  readCall(): Call {
    const name = this.#take(/States\.[A-Za-z0-9]+/y) ?? this.#fail('an intrinsic function');
    if (!this.#skip('(')) this.#fail('(');
    const args: Argument[] = [];
    if (this.#skip(')')) return { name, args };
    do args.push(this.#readArgument());
    while (this.#skip(','));
    if (!this.#skip(')')) this.#fail(') or ,');
    return { name, args };
  }

  #readArgument(): Argument {
    this.#take(/\s+/y);
    const literal = this.#take(/'(?:[^'\\]|\\['{}\\])*'/y);
    if (literal !== undefined) return { literal: literal.slice(1, -1) };
    const number = this.#take(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== undefined) return { value: Number(number) };
    if (this.#take(/null\b/y) !== undefined) return { value: null };
    if (this.#text[this.#at] === '$') return { path: this.#readPath() };
    return { call: this.readCall() };
  }

  #readPath(): JsonPath {
    const { path, end } = scanPath(this.#text, this.#at);
    this.#at = end;
    return path;
  }

  expectEnd(): void {
    this.#take(/\s+/y);
    if (this.#at < this.#text.length) this.#fail('the end');
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skip(character: string): boolean {
    this.#take(/\s+/y);
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #fail(expected: string): never {
    const rest = JSON.stringify(this.#text.slice(this.#at));
    throw new SyntaxError(`${JSON.stringify(this.#text)}: expected ${expected} instead of ${rest}`);
  }
}

/** A literal's text with its escapes undone. */
export const unescape = (literal: string) => literal.replace(/\\(['{}\\])/g, '$1');
