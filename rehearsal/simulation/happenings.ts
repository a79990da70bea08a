import type { ImageBehaviour } from '../host/simulated/image-behaviour.ts';
import type { Weather } from './weather.ts';

const minute = 60_000;

/** What people and pipelines do in a schedule, each at its millisecond after the start. */
export type Happening = { readonly at: number } & (
  | { readonly does: 'push'; readonly tag: string; readonly behaviour: ImageBehaviour }
  /** A tag that was pushed before. */
  | { readonly does: 'deploy'; readonly tag: string }
  | { readonly does: 'roll back' }
  | { readonly does: 'hold' }
  | { readonly does: 'lift the hold' }
  /** The newest execution that runs, in the console. */
  | { readonly does: 'abort' }
);

/** Two to nine of them within a quarter of an hour, often at the same moment. */
export function drawHappenings(random: () => number, weather: Weather): Happening[] {
  const happenings: Happening[] = [];
  let at = 0;
  for (let count = 2 + Math.floor(random() * 7); count > 0; count -= 1) {
    at += random() < 0.5 ? random() * 2000 : random() * 3 * minute;
    happenings.push(...draw(at, happenings, random, weather));
  }
  return happenings.sort((one, other) => one.at - other.at);
}

function draw(at: number, before: readonly Happening[], random: () => number, weather: Weather): Happening[] {
  const tags = before.flatMap((one) => (one.does === 'push' ? [one.tag] : []));
  const chance = random();
  if (tags.length === 0 || chance < 0.6) {
    const tag = random() < 0.15 ? 'latest' : `v${before.length + 1}`;
    return [{ at, does: 'push', tag, behaviour: weather.image() }];
  }
  if (chance < 0.72) return [{ at, does: 'deploy', tag: tags[Math.floor(random() * tags.length)]! }];
  if (chance < 0.82) return [{ at, does: 'roll back' }];
  if (chance < 0.95 && !weather.calm) return [{ at, does: 'abort' }];
  return [
    { at, does: 'hold' },
    { at: at + random() * 3 * minute, does: 'lift the hold' },
  ];
}
