import { once } from 'node:events';
import { createServer, Socket, type AddressInfo } from 'node:net';
import type { Address } from './address.ts';
import { serveCalls } from './child-calls.ts';
import { DelayLine } from './delay-line.ts';
import type { DelayProxyOptions } from './delay-proxy.ts';

async function listen({ target, delayMs }: DelayProxyOptions): Promise<Address> {
  // Half-open, because either side may go on sending after the other's FIN.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) =>
    open(client, target, delayMs),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** The kernel has accepted already; a SYN over the delayed line would have arrived only now and been answered later still. */
function open(client: Socket, target: Address, delayMs: number): void {
  const acceptedAt = performance.now();
  const host = connectLater(target, delayMs);
  new DelayLine(client, host, delayMs, acceptedAt + 2 * delayMs);
  new DelayLine(host, client, delayMs, acceptedAt + delayMs);
}

function connectLater(target: Address, delayMs: number): Socket {
  const socket = new Socket({ allowHalfOpen: true }).setNoDelay(true);
  setTimeout(() => socket.connect(target), delayMs);
  return socket;
}

serveCalls({ listen });
