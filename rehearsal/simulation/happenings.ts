import type { ImageBehaviour } from '../host/simulated/image-behaviour.ts';
import type { Weather } from './weather.ts';

const minute = 60_000;

/** What people, pipelines and machines do in a schedule, each at its millisecond after the start. */
export type Happening = { readonly at: number } & (
  | { readonly does: 'push'; readonly tag: string; readonly behaviour: ImageBehaviour }
  /** A tag that was pushed before. */
  | { readonly does: 'deploy'; readonly tag: string }
  | { readonly does: 'roll back' }
  | { readonly does: 'hold' }
  | { readonly does: 'lift the hold' }
  /** The newest execution that runs, in the console. */
  | { readonly does: 'abort' }
  /** The execution that runs goes with its state machine, which is made anew. */
  | { readonly does: 'forget' }
  /** By their place among the hosts; some are no hosts of ours. */
  | { readonly does: 'catch up'; readonly hosts: readonly number[] }
  /** Its agent reaches nobody for so many milliseconds. */
  | { readonly does: 'lose a host'; readonly host: number; readonly milliseconds: number }
  | { readonly does: 'add a host' }
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
  if (tags.length === 0 || chance < 0.45) {
    const tag = random() < 0.15 ? 'latest' : `v${before.length + 1}`;
    return [{ at, does: 'push', tag, behaviour: weather.image() }];
  }
  if (chance < 0.55) return [{ at, does: 'deploy', tag: tags[Math.floor(random() * tags.length)]! }];
  if (chance < 0.63) return [{ at, does: 'roll back' }];
  if (chance < 0.71) return [{ at, does: 'add a host' }];
  if (chance < 0.78) return [{ at, does: 'catch up', hosts: drawHosts(random) }];
  if (chance < 0.85 && !weather.calm)
    return [{ at, does: 'lose a host', host: drawHost(random), milliseconds: random() * 8 * minute }];
  if (chance < 0.94) return [{ at, does: 'abort' }];
  if (chance < 0.96) return [{ at, does: 'forget' }];
  return [
    { at, does: 'hold' },
    { at: at + random() * 3 * minute, does: 'lift the hold' },
  ];
}

const drawHost = (random: () => number) => Math.floor(random() * 8);
const drawHosts = (random: () => number) =>
  Array.from({ length: 1 + Math.floor(random() * 3) }, () => drawHost(random));
