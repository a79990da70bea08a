import type { Happening } from './happening.ts';
import type { Counts } from './load-report.ts';
import { quickKinds } from './rates.ts';

/** Counts what happens in a stretch of time. */
export class Period {
  readonly #latencies: number[] = [];
  #requests = 0;
  #failed = 0;
  #resets = 0;
  #truncatedStreams = 0;
  #webSocketsWithoutCloseFrame = 0;
  #reconnects = 0;

  note(happening: Happening): void {
    if (happening.type === 'request') this.#noteRequest(happening);
    if (happening.type === 'truncated-stream') this.#truncatedStreams += 1;
    if (happening.type === 'no-close-frame') this.#webSocketsWithoutCloseFrame += 1;
    if (happening.type === 'reconnect') this.#reconnects += 1;
  }

  #noteRequest({ kind, ms, fault }: Happening): void {
    this.#requests += 1;
    if (fault) this.#failed += 1;
    if (fault?.reason === 'reset') this.#resets += 1;
    if (!fault && quickKinds.includes(kind)) this.#latencies.push(ms);
  }

  count(): Counts {
    const sorted = Float64Array.from(this.#latencies).sort();
    return {
      requests: this.#requests,
      failed: this.#failed,
      resets: this.#resets,
      truncatedStreams: this.#truncatedStreams,
      webSocketsWithoutCloseFrame: this.#webSocketsWithoutCloseFrame,
      reconnects: this.#reconnects,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
    };
  }
}

/** Nearest rank, in tenths of a millisecond; 0 of nothing. */
function percentile(sorted: Float64Array, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return Math.round(value * 10) / 10;
}
