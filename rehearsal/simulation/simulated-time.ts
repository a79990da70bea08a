import type { Clock } from '../clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock for whole deployments in simulated time: it goes on to its next timer as soon as nothing is under way any more. Work
 * that takes no simulated time but awaits something, such as a function, says so by `track`.
 */
export class SimulatedTime implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #busy = 0;
  readonly #timers = new Set<Timer>();

  now = (): number => this.#now;

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + milliseconds, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Keeps the clock still until the promise has settled. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work;
    } finally {
      this.#busy -= 1;
    }
  }

  /** Goes on, timer by timer, until it holds or the time is up; answers whether it holds. */
  async runUntil(holds: () => boolean, milliseconds: number): Promise<boolean> {
    const end = this.#now + milliseconds;
    await this.#quiet();
    while (!holds()) {
      const timer = this.#next();
      if (!timer || timer.at > end) {
        this.#now = end;
        return false;
      }
      this.#now = Math.max(this.#now, timer.at);
      this.#timers.delete(timer);
      timer.callback();
      await this.#quiet();
    }
    return true;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next;
  }

  /** What a timer set off may begin something new once its promises have settled: quiet is what stays quiet. */
  async #quiet(): Promise<void> {
    for (let still = 0; still < 3; still = this.#busy > 0 ? 0 : still + 1) await nextTurn();
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
