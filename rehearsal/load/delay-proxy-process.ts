import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Address } from './address.ts';
import { serveCalls } from './child-calls.ts';
import { delayConnection } from './delay-connection.ts';
import type { DelayProxyOptions } from './delay-proxy.ts';

async function listen({ target, delayMs }: DelayProxyOptions): Promise<Address> {
  // Half-open, because either side may go on sending after the other's FIN.
  const options = { allowHalfOpen: true, noDelay: true };
  const server = createServer(options, (client) => delayConnection(client, target, delayMs));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

serveCalls({ listen });
