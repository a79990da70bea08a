import type { Place } from './place.ts';
import { parseRunId } from '../../../lambdas/lib/ledger.ts';
import type { RunningScript } from '../../host/host.ts';
import type { LoadKind } from '../../load/rates.ts';
import type { Ground } from './ground.ts';

/** Why a request may fail: what should have answered it was down by the fault itself. */
export interface Excuse {
  readonly why: 'machine down' | 'Nginx stopped' | 'container killed' | 'root disk full';
  /** Of requests alone that are of these kinds. */
  readonly kinds?: readonly LoadKind[];
  /** Epoch milliseconds. */
  readonly from: number;
  until: number;
}

/** Milliseconds after which a container that was killed must be served again, by itself or by another. */
export const soonMs = 5000;

/** What a fault has at hand while its cell goes on. */
export class Scene {
  readonly ground: Ground;
  readonly place: Place;
  /** Of the release that is pushed. */
  readonly version: string;
  /** What served before it. */
  readonly before: string;
  readonly random: () => number;
  readonly excuses: Excuse[] = [];
  /** Why the fault could not strike as it should, if so. */
  readonly mishaps: string[] = [];
  /** Epoch milliseconds. */
  struckAt: number | undefined;
  readonly #undo: (() => unknown)[] = [];

  constructor(ground: Ground, place: Place, version: string, random: () => number) {
    this.ground = ground;
    this.place = place;
    this.version = version;
    this.before = ground.serving;
    this.random = random;
  }

  /** What makes good again what the fault did; undone in reverse order, when the outcome is there. */
  undo = (step: () => unknown): void => void this.#undo.push(step);

  async undoAll(): Promise<void> {
    for (let step = this.#undo.pop(); step; step = this.#undo.pop()) await step();
  }

  /** From now on, until it is said to be over. */
  excuse(why: Excuse['why'], kinds?: Excuse['kinds']): Excuse {
    const excuse = { why, kinds, from: Date.now(), until: Infinity };
    this.excuses.push(excuse);
    return excuse;
  }

  /** Calls back once, when a deployment's script of a phase starts on the host. */
  whenBegun(phase: string, callback: (script: RunningScript) => void): void {
    const end = this.ground.host.onScript((script) => {
      // Not what the check of the hosts sends each minute.
      if (phaseOfCommand(this.ground, script.run.commandId) !== phase) return;
      end();
      callback(script);
    });
    this.undo(end);
  }
}

/** The phase that a command runs, which its Comment tells. */
export function phaseOfCommand({ rehearsal }: Ground, commandId: unknown): string | undefined {
  const found = rehearsal.deployer.ssm.commands.find((command) => command.commandId === commandId);
  return parseRunId(found?.comment ?? '')?.phase;
}
