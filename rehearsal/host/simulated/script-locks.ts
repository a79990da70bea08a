import type { Clock } from '../../clock.ts';
import { fail, type PhaseModel } from './run.ts';
import type { SharedLock } from './shared-lock.ts';

const lockAppMs = 40_000;
const lockHostMs = 300_000;

export const forever = () => new Promise<never>(() => undefined);

/** The locks of one script: they end with its processes. */
export class ScriptLocks {
  readonly #hostLock: SharedLock;
  readonly #clock: Clock;
  #held: (() => void)[] = [];
  #alive = true;

  constructor(hostLock: SharedLock, clock: Clock) {
    this.#hostLock = hostLock;
    this.#clock = clock;
  }

  /** What the phase needs: the host alone, or the host shared and the app alone. */
  async take({ lock }: PhaseModel, appLock: SharedLock): Promise<void> {
    if (lock === 'host') await this.#take(this.#hostLock, 'alone', lockHostMs);
    if (lock !== 'app') return;
    await this.#take(this.#hostLock, 'shared', lockAppMs);
    await this.#take(appLock, 'alone', lockAppMs);
  }

  async #take(lock: SharedLock, mode: 'shared' | 'alone', waitMs: number): Promise<void> {
    const release = await lock.take(mode, waitMs, this.#clock);
    if (!release) return fail('host-busy', `Waited ${waitMs / 1000} s for another phase to end`);
    if (this.#alive) return void this.#held.push(release);
    release();
    await forever();
  }

  release(): void {
    for (const release of this.#held) release();
    this.#held = [];
  }

  /** The script is gone: it gets no lock any more either. */
  end(): void {
    this.#alive = false;
    this.release();
  }
}
