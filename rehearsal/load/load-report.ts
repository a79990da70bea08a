import type { LoadKind } from './rates.ts';

/** Times are epoch milliseconds. */
export interface Counts {
  /** Ended requests, and connections of streams and WebSockets, failed ones included. */
  readonly requests: number;
  /** Of them: no 2xx, a timeout, a transport error, a wrong payload. None is ever tried again. */
  readonly failed: number;
  /** Of the failed: reset, broken pipe, hung up; on a reused idle connection too. */
  readonly resets: number;
  /** Event streams cut, stalled, with a gap, or ended without their `end` event. Not counted as failed. */
  readonly truncatedStreams: number;
  /** Close code 1006. Not counted as failed. */
  readonly webSocketsWithoutCloseFrame: number;
  /** After a stream or a WebSocket was closed properly by the server: expected in every deployment. */
  readonly reconnects: number;
  /** Of the quick requests that succeeded, from the moment they were due to the last byte. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What was counted from a mark to the next, by the time that a request ended. */
export interface Section extends Counts {
  readonly name: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** All faults of the section, up to five thousand. */
  readonly faults: readonly FaultSample[];
}

export interface FaultGroup {
  readonly kind: LoadKind;
  /** Such as `status-502`, `reset`, `timeout`, `wrong-payload`, `truncated`, `no-close-frame`. */
  readonly reason: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface FaultSample {
  readonly at: number;
  readonly kind: LoadKind;
  readonly reason: string;
  readonly detail: string;
  /** How long the request, stream or socket had lasted. */
  readonly ms: number;
}

/** A value of X-Build-Version. */
export interface VersionSeen {
  readonly version: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

export interface LoadReport extends Counts {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly kinds: Readonly<Record<LoadKind, Counts>>;
  readonly sections: readonly Section[];
  readonly faults: readonly FaultGroup[];
  /** The first fifty faults. */
  readonly samples: readonly FaultSample[];
  readonly versionsSeen: readonly VersionSeen[];
  /** Whether the generator itself kept up: its use of one core, and how late it sent a request at worst. */
  readonly generator: { readonly cpuPercent: number; readonly maxLagMs: number };
}
