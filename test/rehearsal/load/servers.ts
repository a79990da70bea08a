import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { startApp, type RunningApp } from '../../../examples/node-app/src/start-app.ts';
import type { Address } from '../../../rehearsal/load/address.ts';

function addressOf(server: TcpServer): Address {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

/** Listens until the test ends, which cuts whatever is open. */
export async function listen(server: TcpServer): Promise<Address> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    open.forEach((socket) => socket.destroy());
  });
  return addressOf(server);
}

export async function startExampleApp(
  buildVersion: string,
  port = 0,
): Promise<RunningApp & { address: Address }> {
  const app = await startApp({ buildVersion, port, eatsMemoryOnSignal: false, healthPath: '/health' });
  onTestFinished(() => app.server.closeAllConnections());
  return { ...app, address: addressOf(app.server) };
}

/** A server that behaves as told, and names its release as every app does. */
export function startServer(behave: RequestListener): Promise<Address> {
  return listen(
    createServer((request, response) => {
      response.setHeader('X-Build-Version', 'v1');
      request.resume();
      behave(request, response);
    }),
  );
}

export async function startSocketServer(behave: (socket: WebSocket) => void): Promise<Address> {
  const server: Server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('headers', (headers) => headers.push('X-Build-Version: v1'));
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    behave(socket);
  });
  return listen(server);
}
