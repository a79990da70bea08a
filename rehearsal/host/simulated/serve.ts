import { liveSlot, type AppState, type Slot } from './host-state.ts';
import { isHealthy, isRunning, type ImageBehaviours } from './image-behaviour.ts';

/** What a request through port 80 gets. */
export type Served =
  | { readonly status: 503 | 502 }
  | { readonly status: 200 | 500; readonly digest: string; readonly slot: Slot };

export function serve(state: AppState | undefined, behaviours: ImageBehaviours, now: number): Served {
  const slot = state ? liveSlot(state) : 'none';
  if (!state || slot === 'none') return { status: 503 };
  const container = state.slots[slot];
  if (!container || !isRunning(container, behaviours, now)) return { status: 502 };
  const status = isHealthy(container, behaviours, now) ? 200 : 500;
  return { status, digest: container.digest, slot };
}
