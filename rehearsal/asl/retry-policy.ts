import type { Retrier } from './definition.ts';
import { matches, type StateError } from './state-error.ts';

/** Counts a state's attempts: each retrier has its own, as the Amazon States Language says. */
export class RetryPolicy {
  readonly #retriers: readonly Retrier[];
  readonly #used = new Map<Retrier, number>();
  readonly #random: () => number;

  constructor(retriers: readonly Retrier[], random: () => number) {
    this.#retriers = retriers;
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt; undefined when this error is not retried (any more). */
  next(error: StateError): number | undefined {
    const retrier = this.#retriers.find(({ ErrorEquals }) => matches(ErrorEquals, error));
    if (!retrier) return undefined;
    const used = this.#used.get(retrier) ?? 0;
    if (used >= (retrier.MaxAttempts ?? 3)) return undefined;
    this.#used.set(retrier, used + 1);
    return 1000 * this.#jitter(retrier, intervalOf(retrier, used));
  }

  #jitter({ JitterStrategy }: Retrier, seconds: number): number {
    return JitterStrategy === 'FULL' ? seconds * this.#random() : seconds;
  }
}

const intervalOf = (
  { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity }: Retrier,
  used: number,
) => Math.min(IntervalSeconds * BackoffRate ** used, MaxDelaySeconds);
