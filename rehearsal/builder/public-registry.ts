import type { RequestListener } from 'node:http';
import { relayToRegistry } from '../host/real/registry-front.ts';

/** A registry as the public ones are: anybody may pull, nobody may push. */
export function createPublicFront(registryUrl: string): RequestListener {
  return (request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD')
      return relayToRegistry(registryUrl, request, response);
    response.writeHead(405, { connection: 'close' }).end();
  };
}
