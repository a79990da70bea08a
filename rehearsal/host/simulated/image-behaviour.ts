import type { Container } from './host-state.ts';

/** How an image behaves once it runs; everything unsaid is as good as can be. */
export interface ImageBehaviour {
  /** Milliseconds from start to the first healthy answer. */
  readonly readyMs?: number;
  /** Its health path never answers 200. */
  readonly neverHealthy?: boolean;
  /** Milliseconds from start until its process exits. */
  readonly diesAfterMs?: number;
  /** Milliseconds from the first traffic until its process exits. */
  readonly diesAfterSwitchMs?: number;
  /** Its entrypoint does not exist. */
  readonly notRunnable?: boolean;
  /** What it says its version is; empty: nothing. */
  readonly reportedVersion?: string;
  /** Share of requests it answers with 5xx, 0 to 1. */
  readonly errorRate?: number;
  /** moves: something is pending, and the schema is newer afterwards. */
  readonly migration?: { readonly exitCode?: number; readonly ms?: number; readonly moves?: boolean };
  /** Milliseconds from SIGTERM to its end. */
  readonly stopMs?: number;
  /** Milliseconds that its longest request takes to drain. */
  readonly drainMs?: number;
}

/** By digest; an image that is not in the table is healthy. */
export type ImageBehaviours = ReadonlyMap<string, ImageBehaviour>;

const defaultReadyMs = 300;

/** Whether a container's process is there at a time. */
export function isRunning(
  container: Container | undefined,
  behaviours: ImageBehaviours,
  now: number,
): boolean {
  return container !== undefined && diedAt(container, behaviours) > now;
}

/** When a container's process ends or ended: Infinity if nothing ends it. */
export function diedAt(container: Container, behaviours: ImageBehaviours): number {
  const { diesAfterMs = Infinity, diesAfterSwitchMs = Infinity } = behaviours.get(container.digest) ?? {};
  return Math.min(
    container.stoppedAt ?? Infinity,
    container.startedAt + diesAfterMs,
    (container.liveSince ?? Infinity) + diesAfterSwitchMs,
  );
}

export function isHealthy(
  container: Container | undefined,
  behaviours: ImageBehaviours,
  now: number,
): boolean {
  if (!container || !isRunning(container, behaviours, now)) return false;
  const { readyMs = defaultReadyMs, neverHealthy = false } = behaviours.get(container.digest) ?? {};
  return !neverHealthy && now >= container.startedAt + readyMs;
}
