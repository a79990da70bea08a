import type { Address } from './address.ts';
import type { Rates } from './rates.ts';

export interface LoadOptions {
  readonly target: Address;
  /** Default: the target's address, as a browser would write it. */
  readonly hostHeader?: string;
  /** Milliseconds of network delay, each way (a round trip takes twice as long): a delay proxy stands between. Default: none. */
  readonly delayMs?: number;
  readonly rates?: Partial<Rates>;
  /** For an answer, beyond the time a request is meant to take. Also the silence that a stream or an echo may keep. Default: 10,000. */
  readonly timeoutMs?: number;
}
