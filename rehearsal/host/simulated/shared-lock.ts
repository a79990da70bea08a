import type { Clock } from '../../clock.ts';

type Mode = 'shared' | 'alone';

interface Waiting {
  readonly mode: Mode;
  grant(): void;
}

/** What flock does: many may share it, or one has it alone; who waits too long gives up. */
export class SharedLock {
  #holders = 0;
  #alone = false;
  readonly #queue: Waiting[] = [];

  /** The answer releases it, and may be called more than once; undefined when the wait was in vain. */
  take(mode: Mode, waitMs: number, clock: Clock): Promise<(() => void) | undefined> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        mode,
        grant: () => {
          stop();
          resolve(this.#hold(mode));
        },
      };
      const stop = clock.after(waitMs, () => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        resolve(undefined);
      });
      this.#queue.push(waiting);
      this.#serve();
    });
  }

  #hold(mode: Mode): () => void {
    this.#holders += 1;
    this.#alone = mode === 'alone';
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holders -= 1;
      if (this.#holders === 0) this.#alone = false;
      this.#serve();
    };
  }

  #serve(): void {
    for (let next = this.#queue[0]; next && this.#isFree(next.mode); next = this.#queue[0]) {
      this.#queue.shift();
      next.grant();
    }
  }

  #isFree = (mode: Mode) => this.#holders === 0 || (mode === 'shared' && !this.#alone);
}
