/** Repeatable chance: a test that uses it has the seed in its name; EDGEPAAS_SEED runs it again. */
export const seed = Number(process.env['EDGEPAAS_SEED'] ?? Date.now() % 1_000_000);

/** Numbers from 0 to below `limit`. Mulberry32. */
export function createRandom(from = seed): (limit: number) => number {
  let state = from;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit) | 0;
  };
}

export type Random = ReturnType<typeof createRandom>;

export const pick = <T>(random: Random, from: ArrayLike<T>): T => from[random(from.length)]!;

export const textOf = (random: Random, characters: string, length: number) =>
  Array.from({ length }, () => pick(random, characters)).join('');

export const shaOf = (random: Random) => textOf(random, '0123456789abcdef', 40);

/** At least a character of the text, somewhere in it. */
export function partOf(random: Random, text: string): string {
  const begin = random(text.length);
  return text.slice(begin, begin + 1 + random(text.length - begin));
}

/** Runs the work on all items, a few at a time. */
export async function inPool<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  size = 4,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: size }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
