import type { Fault, Happening } from './happening.ts';
import type { FaultGroup, FaultSample } from './load-report.ts';

/** Faults by kind and reason, and the first of them in full. */
export class FaultList {
  readonly #groups = new Map<string, FaultGroup>();
  readonly #maxSamples: number;
  readonly samples: FaultSample[] = [];

  constructor(maxSamples = 50) {
    this.#maxSamples = maxSamples;
  }

  get groups(): FaultGroup[] {
    return [...this.#groups.values()];
  }

  note({ kind, ms }: Happening, { reason, detail }: Fault, at: number): void {
    const key = `${kind} ${reason}`;
    const { count = 0, firstAt = at } = this.#groups.get(key) ?? {};
    this.#groups.set(key, { kind, reason, count: count + 1, firstAt, lastAt: at });
    if (this.samples.length < this.#maxSamples)
      this.samples.push({ at, kind, reason, detail, ms: Math.round(ms) });
  }
}
