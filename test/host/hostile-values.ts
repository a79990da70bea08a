import { randomInt } from 'node:crypto';

/**
 * Values that people and attackers store, made from a seed: a failure is repeated by SEED=<it>.
 */
export const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

/** Mulberry32: numbers from 0 up to 1. */
export function numbersFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const fragments = [
  ...'"\'`\\$#=&|;<>()[]{}*?!~^%@:,. \t',
  ...[
    '$HOME',
    '${PATH}',
    '$(touch /owned)',
    '`id`',
    '%s%n',
    '\\n',
    '\\u0041',
    '\\',
    '\\\\',
    '\\"',
    '&&',
    '#no',
    ' # x',
  ],
  ...[
    '{{ssm:x}}',
    '{{',
    '}}',
    '","Value":"',
    '"NextToken":"x"',
    '-----BEGIN',
    '=',
    '==',
    'A=B',
    'export A=',
    '--',
    '-e',
  ],
  ...[
    '\u0001',
    '\u0007',
    '\b',
    '\u001b[31m',
    '\u007f',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\u200e',
    '\u202e',
  ],
  ...[
    'é',
    'e\u0301',
    'ß',
    'İ',
    'Ω',
    'ж',
    '中',
    'あ',
    '🚀',
    '👩‍👩‍👧',
    '\u{10ffff}',
    '\ufffe',
    '\uffff',
    '\u0300',
    '\u{1f1e9}',
  ],
  ...[
    'end',
    'valid',
    'problems',
    'true',
    'null',
    '0',
    '-1',
    '1e9',
    '/',
    '//',
    '~root',
    '*',
    'a',
    'Z',
    '9',
    'password',
  ],
];
const broken = ['\n', '\r', '\r\n', '\u0000', '\ufffd', 'x'.repeat(32_768)];

export class HostileValues {
  readonly #next: () => number;

  constructor(start: number) {
    this.#next = numbersFrom(start);
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  oneOf<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }

  /** Most are short; some are as long as a value may be, or a little longer. */
  value(): string {
    const kind = this.#next();
    if (kind < 0.01) return this.#longest();
    const parts = Array.from({ length: 1 + this.below(kind < 0.9 ? 8 : 120) }, () => this.#part());
    if (kind > 0.96) parts.splice(this.below(parts.length + 1), 0, this.oneOf(broken));
    return parts.join('');
  }

  #part(): string {
    return this.#next() < 0.8 ? this.oneOf(fragments) : this.#character();
  }

  /** Any character that is one: no half of a pair, no line break, no NUL, no mark of damage. */
  #character(): string {
    const code = 1 + this.below(this.oneOf([0x7f, 0x7ff, 0xffff, 0x10ffff]));
    const isNone = (code >= 0xd800 && code <= 0xdfff) || [10, 13, 0xfffd].includes(code);
    return isNone ? 'x' : String.fromCodePoint(code);
  }

  #longest(): string {
    const character = this.oneOf(['a', ' ', '"', 'é', '🚀']);
    const bytes = Buffer.byteLength(character);
    return character.repeat(Math.floor(32_768 / bytes)) + this.oneOf(['', '', 'b']);
  }
}

/** Whether an environment can hold it, as the runbook says. */
export function isRepresentable(value: string): boolean {
  // eslint-disable-next-line no-control-regex -- NUL is what is looked for
  return Buffer.byteLength(value) <= 32_768 && !/[\n\r\u0000\ufffd]/.test(value);
}
