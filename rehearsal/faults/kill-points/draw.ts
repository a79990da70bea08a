import type { PhaseName } from '../../../contracts/phase-name.ts';
import { seededRandom } from '../../simulation/random.ts';

/** Where a run of a phase is ended. */
export interface KillPoint {
  /** At the so-manieth line that the script comes to for the first time. */
  readonly step: number;
  /** The script with its process group, at that line or a moment later, or the host under it. */
  readonly what: 'script' | 'later' | 'host';
  readonly delayMs: number;
}

export type WalkKind = 'forward' | 'back' | 'database' | 'install';

/** A part of a deployment whose phases are killed and sent again. */
export interface Walk {
  readonly name: string;
  readonly kind: WalkKind;
  readonly phases: readonly {
    readonly phase: PhaseName;
    /** One run each, before the one that is let be. */
    readonly kills: readonly KillPoint[];
    /** The way back comes from the middle of it. */
    readonly isLeft: boolean;
  }[];
}

/** Lines that a run of each phase comes to, as measured; a point beyond the end of a run is told as missed. */
export const usualSteps: Readonly<Record<PhaseName, number>> = {
  inspect: 300,
  'mount-volume': 270,
  'install-docker': 300,
  'install-nginx': 320,
  'resolve-database': 330,
  'resolve-env': 265,
  'pull-release': 340,
  'run-migrations': 500,
  'start-candidate': 258,
  'switch-traffic': 235,
  bake: 300,
  retire: 225,
  revert: 335,
};

const install: PhaseName[] = ['mount-volume', 'install-docker', 'install-nginx'];
const toCandidate: PhaseName[] = ['resolve-env', 'pull-release', 'start-candidate'];
const walks: Record<WalkKind, { readonly count: number; readonly phases: readonly PhaseName[] }> = {
  forward: { count: 28, phases: ['inspect', ...toCandidate, 'switch-traffic', 'bake', 'retire'] },
  back: { count: 20, phases: [...toCandidate, 'switch-traffic', 'bake', 'revert'] },
  database: { count: 28, phases: ['resolve-database', 'resolve-env', 'pull-release', 'run-migrations'] },
  install: { count: 3, phases: install },
};

/** What other walks try often enough is let be here. */
const isSpared = (kind: WalkKind, phase: PhaseName) =>
  ['back', 'database'].includes(kind) && ['resolve-env', 'pull-release'].includes(phase);

export function walkNames(): string[] {
  return Object.entries(walks).flatMap(([kind, { count }]) =>
    Array.from({ length: count }, (_, index) => `${kind} ${index + 1}`),
  );
}

/** The same walk for a seed and a name, whichever others run. */
export function drawWalk(name: string, seed: number): Walk {
  const random = seededRandom(seed * 1000 + walkNames().indexOf(name));
  const kind = name.split(' ')[0] as WalkKind;
  const { phases } = walks[kind];
  const last = kind === 'back' ? 2 + Math.floor(random() * 3) : phases.length;
  return {
    name,
    kind,
    phases: phases.flatMap((phase, index) => {
      const isLeft = index === last && random() < 0.6;
      const kills = isSpared(kind, phase) ? [] : drawKills(kind, phase, random);
      return index <= last || phase === 'revert' ? [{ phase, kills, isLeft }] : [];
    }),
  };
}

function drawKills(kind: WalkKind, phase: PhaseName, random: () => number): KillPoint[] {
  const count = kind === 'install' ? 4 : random() < 0.25 ? 2 : 1;
  return Array.from({ length: count }, () => drawKill(phase, random));
}

function drawKill(phase: PhaseName, random: () => number): KillPoint {
  const step = 1 + Math.floor(random() * usualSteps[phase]);
  const chance = random();
  const delayMs = 1 + Math.floor(random() ** 2 * 150);
  const what = chance < 0.45 ? 'script' : chance < 0.85 ? 'later' : 'host';
  return { step, delayMs, what: what === 'host' && phase === 'inspect' ? 'script' : what };
}

export function describeKill(phase: PhaseName, { step, what, delayMs }: KillPoint): string {
  const words = { script: '', later: `, ${delayMs} ms after it`, host: ', with its host' };
  return `${phase} killed at step ${step}${words[what]}`;
}
