import { Socket } from 'node:net';
import type { Address } from './address.ts';
import { DelayLine } from './delay-line.ts';

/**
 * Carries an accepted connection on to the target, delayed each way. The kernel has accepted it already; over a delayed network
 * its SYN would have arrived only later, and been answered later still. Both sockets must allow half-open connections.
 */
export function delayConnection(client: Socket, target: Address, delayMs: number): void {
  const acceptedAt = performance.now();
  const host = new Socket({ allowHalfOpen: true }).setNoDelay(true);
  const [thither, hither] = [new DelayLine(client, host, delayMs), new DelayLine(host, client, delayMs)];
  thither.send(acceptedAt, () => host.connect(target));
  thither.forward(acceptedAt + 2 * delayMs);
  hither.forward(acceptedAt + delayMs);
}
