import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { Address } from '../../../rehearsal/load/address.ts';
import { startDelayProxy } from '../../../rehearsal/load/delay-proxy.ts';
import { listen } from './servers.ts';

const delayMs = 30;

/** A server behind the delay, and a client's connection to it. */
async function connectThrough(serve: (socket: Socket) => void): Promise<Socket> {
  const target = await listen(createServer({ allowHalfOpen: true }, serve));
  return connectTo(target);
}

async function connectTo(target: Address): Promise<Socket> {
  const proxy = await startDelayProxy({ target, delayMs });
  onTestFinished(proxy.stop);
  const socket = connect({ ...proxy.address, allowHalfOpen: true, noDelay: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function measureRoundTrip(socket: Socket): Promise<number> {
  const begin = performance.now();
  socket.write('ping');
  await once(socket, 'data');
  return performance.now() - begin;
}

it('delays each way, and the handshake before the first byte', async () => {
  const socket = await connectThrough((server) => server.pipe(server));
  expect(await measureRoundTrip(socket)).toBeGreaterThanOrEqual(4 * delayMs - 2);
  const later: number[] = [];
  for (let trip = 0; trip < 5; trip++) later.push(await measureRoundTrip(socket));
  // The least: a busy machine adds time of its own to some of them.
  expect(Math.min(...later)).toBeGreaterThanOrEqual(2 * delayMs);
});

it('keeps every byte in order, both ways, and passes FIN on after the last', async () => {
  const sent = randomBytes(8 << 20);
  const socket = await connectThrough((server) => server.pipe(server));
  socket.end(sent);
  const hash = createHash('sha256');
  for await (const chunk of socket) hash.update(chunk as Buffer);
  expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
});

it('lets the server answer after the client has closed its half', async () => {
  const socket = await connectThrough((server) =>
    server.resume().on('end', () => server.end('after the end')),
  );
  socket.end('request');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toBe('after the end');
  await once(socket, 'end');
});

it('passes the FIN of a server that keeps listening', async () => {
  const received = new Promise<string>((resolve) => {
    void connectThrough((server) => {
      server.end('bye');
      server.on('data', (data) => resolve(data.toString()));
    }).then((socket) => socket.resume().once('end', () => socket.write('still here')));
  });
  expect(await received).toBe('still here');
});

it('passes a reset of the server on, after what came before it', async () => {
  const socket = await connectThrough((server) => {
    server.write('before');
    // Not sooner: libuv reads what came together with a reset, and then takes the reset for an end.
    server.once('data', () => server.resetAndDestroy());
  });
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toBe('before');
  socket.write('received');
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});

it('passes a reset of the client on', async () => {
  const code = new Promise((resolve) => {
    void connectThrough((server) => {
      server.resume().on('end', () => resolve('FIN'));
      server.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      server.write('hello');
    }).then(async (socket) => {
      await once(socket, 'data');
      socket.resetAndDestroy();
    });
  });
  expect(await code).toBe('ECONNRESET');
});

it('resets the client where nobody listens', async () => {
  const closed = createServer();
  const target = await listen(closed);
  closed.close();
  const socket = await connectTo(target);
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});
