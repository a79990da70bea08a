import { join } from 'node:path';
import type { Address } from './address.ts';
import { Child } from './child.ts';

export interface DelayProxyOptions {
  readonly target: Address;
  /** Milliseconds that everything takes, each way: 20 is a round trip of 40 ms. */
  readonly delayMs: number;
}

export interface DelayProxy {
  readonly address: Address;
  /** Cuts what is open. */
  stop(): Promise<void>;
}

/**
 * A TCP proxy, in a process of its own, that stands for a network's delay where the kernel has no netem. 20 ms means 20 ms towards the
 * host and 20 ms back, handshake included; order, half-closed connections, FIN and RST are kept. Unlike a network, it
 * answers a refused connection with a reset; and bytes that are followed by a reset before they are read may end with FIN.
 */
export async function startDelayProxy(options: DelayProxyOptions): Promise<DelayProxy> {
  const child = new Child(join(import.meta.dirname, 'delay-proxy-process.ts'));
  try {
    return { address: await child.call<Address>('listen', options), stop: () => child.kill() };
  } catch (error) {
    await child.kill();
    throw error;
  }
}
