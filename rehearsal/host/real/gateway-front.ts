import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Certificate } from './certificate-authority.ts';

/** Which server answers under which of AWS's names. */
export type NamedHandlers = Readonly<Record<string, RequestListener>>;

/** TLS on port 443 of a host's gateway address, where the host's /etc/hosts sends the names of AWS. */
export async function startGatewayFront(
  address: string,
  certificate: Certificate,
  handlers: NamedHandlers,
  port = 443,
): Promise<Server> {
  const server = createServer(
    { key: certificate.key, cert: certificate.certificate },
    (request, response) => {
      const handler = handlers[(request.headers.host ?? '').replace(/:\d+$/, '')];
      if (!handler) return void response.writeHead(421).end(`No server answers as ${request.headers.host}\n`);
      handler(request, response);
    },
  ).unref();
  await once(server.listen(port, address), 'listening');
  return server;
}
