import { seededRandom } from '../simulation/random.ts';
import { OptionError, type Options } from './options.ts';
import type { Part } from './part.ts';
import { keyOf, type Results } from './results.ts';

export interface Chosen {
  readonly part: Part;
  readonly cases: readonly string[];
}

/** The cases that were asked for, whether they have been done or not; none is an OptionError, unless none has failed. */
export function askedCases(options: Options, last: ReturnType<Results['latest']>): Chosen[] {
  const { parts, seed, pattern, slice, failedOnly } = options;
  const matches = globOf(pattern);
  const matching = parts.flatMap((part) =>
    part.cases(seed).flatMap((name) => (matches(name) ? [{ part, name }] : [])),
  );
  if (matching.length === 0) throw new OptionError(`--case ${pattern}: no case has such a name`);
  const hasFailed = (key: string) => (last.get(key)?.problems.length ?? 0) > 0;
  const all = failedOnly ? matching.filter(({ part, name }) => hasFailed(keyOf(part.name, name))) : matching;
  const drawn = new Set(slice === undefined ? all : draw(all, slice, seededRandom(seed)));
  return parts.map((part) => ({
    part,
    cases: all.flatMap((one) => (one.part === part && drawn.has(one) ? [one.name] : [])),
  }));
}

/** Of those, what is still to be run. */
export function dueCases(
  asked: readonly Chosen[],
  { seed, fresh, failedOnly }: Options,
  results: Results,
  commit: string,
): Chosen[] {
  if (fresh || failedOnly) return [...asked];
  const done = results.latest(seed, commit);
  return asked.map(({ part, cases }) => ({
    part,
    cases: cases.filter((name) => !done.has(keyOf(part.name, name))),
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
