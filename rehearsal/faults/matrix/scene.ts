import type { PhaseName } from '../../../contracts/phase-name.ts';
import type { RunningScript } from '../../host/host.ts';
import type { Ground } from './ground.ts';

/** Why a request may fail: what should have answered it was down by the fault itself. */
export interface Excuse {
  readonly why: 'machine down' | 'Nginx stopped' | 'container killed';
  /** Epoch milliseconds. */
  readonly from: number;
  until: number;
}

/** Milliseconds after which a container that was killed must be served again, by itself or by another. */
export const soonMs = 5000;

/** What a fault has at hand while its cell goes on. */
export class Scene {
  readonly ground: Ground;
  readonly phase: PhaseName;
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

  constructor(ground: Ground, phase: PhaseName, version: string, random: () => number) {
    this.ground = ground;
    this.phase = phase;
    this.version = version;
    this.before = ground.serving;
    this.random = random;
  }

  /** What makes good again what the fault did; undone in reverse order, when the outcome is there. */
  undo(step: () => unknown): void {
    this.#undo.push(step);
  }

  async undoAll(): Promise<void> {
    for (let step = this.#undo.pop(); step; step = this.#undo.pop()) await step();
  }

  /** From now on, until it is said to be over. */
  excuse(why: Excuse['why'], milliseconds = Infinity): Excuse {
    const excuse = { why, from: Date.now(), until: Date.now() + milliseconds };
    this.excuses.push(excuse);
    return excuse;
  }

  /** Calls back once, when the script of a phase starts on the host. */
  whenBegun(phase: PhaseName, callback: (script: RunningScript) => void): void {
    const end = this.ground.host.onScript((script) => {
      if (phaseOf(script) !== phase) return;
      end();
      callback(script);
    });
    this.undo(end);
  }
}

/** Each phase is a step of its own name. */
export const phaseOf = ({ run }: RunningScript): string => run.stepName;
