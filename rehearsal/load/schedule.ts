/** Fires so many times a second whatever becomes of it, and catches up after a delay: an open loop. */
export class Schedule {
  #stopped = false;
  #timers: NodeJS.Timeout[] = [];
  #maxLagMs = 0;

  /** How late a call came at worst. */
  get maxLagMs(): number {
    return this.#maxLagMs;
  }

  /** `fire` learns when it was due, by performance.now(): latency counts from there. */
  every(perSecond: number, fire: (dueAt: number) => void): void {
    if (perSecond <= 0) return;
    const slot = this.#timers.length;
    const interval = 1000 / perSecond;
    // Kinds start out of step with each other, so that their beats do not coincide for ever.
    let dueAt = performance.now() + interval * ((slot * 0.618) % 1);
    const tick = () => {
      for (; dueAt <= performance.now() && !this.#stopped; dueAt += interval) this.#fire(dueAt, fire);
      if (!this.#stopped) this.#timers[slot] = setTimeout(tick, dueAt - performance.now());
    };
    this.#timers[slot] = setTimeout(tick, dueAt - performance.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.forEach(clearTimeout);
  }

  #fire(dueAt: number, fire: (dueAt: number) => void): void {
    this.#maxLagMs = Math.max(this.#maxLagMs, performance.now() - dueAt);
    fire(dueAt);
  }
}
