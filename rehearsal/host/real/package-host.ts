import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { join, normalize } from 'node:path';

/** Serves the image's package repositories, as a distribution's mirror and Docker's package host do. */
function createPackageHandler(folder: string): RequestListener {
  return async (request, response) => {
    const path = join(
      folder,
      normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://host').pathname)),
    );
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': file.size, 'last-modified': file.mtime.toUTCString() });
    if (request.method === 'HEAD') return void response.end();
    createReadStream(path).pipe(response);
  };
}

/** On port 80 of a host's gateway address, where the host's apt looks for it. */
export async function startPackageHost(folder: string, address: string, port = 80): Promise<Server> {
  const server = createServer(createPackageHandler(folder)).unref();
  await once(server.listen(port, address), 'listening');
  return server;
}
