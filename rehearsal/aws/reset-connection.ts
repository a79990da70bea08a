import type { Socket } from 'node:net';

/** Ends a connection without a word: by RST, or where TLS does not let it, by an end without TLS's own goodbye. */
export function resetConnection(socket: Socket | null): void {
  if (!socket) return;
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
