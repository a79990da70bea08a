import { seededRandom } from '../simulation/random.ts';
import type { Options } from './options.ts';
import type { Part } from './part.ts';
import { keyOf, type Results } from './results.ts';

export interface Chosen {
  readonly part: Part;
  readonly cases: readonly string[];
}

/** The cases that were asked for, whether they have been done or not. */
export function askedCases({ parts, seed, pattern, slice }: Options): Chosen[] {
  const matches = globOf(pattern);
  const all = parts.flatMap((part) =>
    part.cases(seed).flatMap((name) => (matches(name) ? [{ part, name }] : [])),
  );
  const drawn = new Set(slice === undefined ? all : draw(all, slice, seededRandom(seed)));
  return parts.map((part) => ({
    part,
    cases: all.flatMap((one) => (one.part === part && drawn.has(one) ? [one.name] : [])),
  }));
}

/** Of those, what is still to be run. */
export function dueCases(
  asked: readonly Chosen[],
  options: Options,
  results: Results,
  commit: string,
): Chosen[] {
  const done = results.latest(options.seed, commit);
  const last = results.latest(options.seed);
  const isDue = (key: string) => {
    if (options.failedOnly) return (last.get(key)?.problems.length ?? 0) > 0;
    return options.fresh || !done.has(key);
  };
  return asked.map(({ part, cases }) => ({
    part,
    cases: cases.filter((name) => isDue(keyOf(part.name, name))),
  }));
}

function globOf(patterns: string): (name: string) => boolean {
  const literal = patterns.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  const regular = new RegExp(`^(${literal.replaceAll('*', '.*').replaceAll(',', '|')})$`);
  return (name) => regular.test(name);
}

/** So many of these, each as likely as the others. */
function draw<T>(from: readonly T[], count: number, random: () => number): T[] {
  const left = [...from];
  return Array.from({ length: Math.min(count, from.length) }, () =>
    left.splice(Math.floor(random() * left.length), 1),
  ).flat();
}
