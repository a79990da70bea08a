import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

const intervalMs = 250;
const goingAway = 1001;
/** A client that never answers the close frame is not waited for longer than five seconds (@types/ws lacks the option). */
const options = { noServer: true, closeTimeout: 5000 };

/** WebSockets at /socket: every message comes back, and a tick comes each 250 ms. */
export class Sockets {
  readonly #server = new WebSocketServer(options);
  readonly #buildVersion: string;
  #closing = false;

  constructor(buildVersion: string) {
    this.#buildVersion = buildVersion;
    this.#server.on('headers', (headers) => headers.push(`X-Build-Version: ${buildVersion}`));
    this.#server.on('connection', (socket) => this.#serve(socket));
  }

  get size(): number {
    return this.#server.clients.size;
  }

  attach(server: Server): void {
    server.on('upgrade', (request, connection, head) => this.#upgrade(request, connection, head));
  }

  closeAll(): void {
    this.#closing = true;
    for (const client of this.#server.clients) client.close(goingAway, 'shutting down');
  }

  #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    connection.on('error', () => connection.destroy());
    if (this.#closing) return refuse(connection, '503 Service Unavailable');
    if (request.url?.split('?')[0] !== '/socket') return refuse(connection, '404 Not Found');
    this.#server.handleUpgrade(request, connection, head, (socket) =>
      this.#server.emit('connection', socket),
    );
  }

  #serve(socket: WebSocket): void {
    let tick = 0;
    const send = () => socket.send(JSON.stringify({ tick: ++tick, buildVersion: this.#buildVersion }));
    const timer = setInterval(send, intervalMs);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => clearInterval(timer));
  }
}

function refuse(connection: Duplex, status: string): void {
  connection.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
