import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CaseResult } from './part.ts';

/** A result, and how to repeat it. */
export interface Recorded extends CaseResult {
  readonly part: string;
  readonly seed: number;
  /** As `readCommit` says it. */
  readonly commit: string;
  /** ISO 8601. */
  readonly when: string;
}

/** Results of all runs, a line each, in the order they came: what was interrupted is taken up again from here. */
export class Results {
  readonly #file: string;
  readonly #all: Recorded[];
  #lineIsCut: boolean;

  constructor(file: string) {
    this.#file = file;
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    this.#all = text.split('\n').flatMap(parseLine);
    this.#lineIsCut = text !== '' && !text.endsWith('\n');
  }

  add(result: Recorded): void {
    this.#all.push(result);
    mkdirSync(dirname(this.#file), { recursive: true });
    appendFileSync(this.#file, `${this.#lineIsCut ? '\n' : ''}${JSON.stringify(result)}\n`);
    this.#lineIsCut = false;
  }

  /** The last result of each case that this seed has drawn, by part and name; of one commit alone if one is given. */
  latest(seed: number, commit?: string): Map<string, Recorded> {
    const asked = this.#all.filter((one) => one.seed === seed && (!commit || one.commit === commit));
    return new Map(asked.map((one) => [keyOf(one.part, one.name), one]));
  }
}

export const keyOf = (part: string, name: string) => `${part}: ${name}`;

/** A run that was killed may have left half of a line. */
function parseLine(line: string): Recorded[] {
  try {
    return [JSON.parse(line) as Recorded];
  } catch {
    return [];
  }
}
