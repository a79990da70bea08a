import { createServer } from 'node:net';

const first = 20_000;
/** Below 32,768, where the kernel takes ports for outgoing connections: a stopped server finds its own free again. */
const count = 10_000;
const tries = 100;

/** Ports that are free on all the addresses, beginning anywhere. */
export async function* candidatePorts(addresses: readonly string[]): AsyncGenerator<number> {
  const start = Math.floor(Math.random() * count);
  for (let index = 0; index < tries; index++) {
    const port = first + ((start + index) % count);
    const free = await Promise.all(addresses.map((address) => isFree(address, port)));
    if (free.every(Boolean)) yield port;
  }
}

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}
