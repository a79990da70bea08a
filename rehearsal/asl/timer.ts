import type { Clock } from '../clock.ts';

/** Node's timers overflow past this and would fire at once. */
const longestTimer = 2 ** 31 - 1;

/** Like clock.after, for any length of time. */
export function startTimer(clock: Clock, milliseconds: number, callback: () => void): () => void {
  if (milliseconds <= longestTimer) return clock.after(milliseconds, callback);
  let cancel = clock.after(longestTimer, () => {
    cancel = startTimer(clock, milliseconds - longestTimer, callback);
  });
  return () => cancel();
}
