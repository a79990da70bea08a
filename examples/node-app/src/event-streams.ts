import type { ServerResponse } from 'node:http';

const intervalMs = 250;

/** Server-sent events: a tick each 250 ms, and an explicit `end` event, so that a client can tell an end from a cut. */
export class EventStreams {
  readonly #open = new Map<ServerResponse, NodeJS.Timeout>();
  readonly #buildVersion: string;

  constructor(buildVersion: string) {
    this.#buildVersion = buildVersion;
  }

  get size(): number {
    return this.#open.size;
  }

  open(response: ServerResponse): void {
    // Nginx would otherwise hold events back until a buffer is full. No other request follows on this connection.
    const headers = { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no', Connection: 'close' };
    response.writeHead(200, { 'Content-Type': 'text/event-stream', ...headers });
    const data = JSON.stringify({ buildVersion: this.#buildVersion });
    let id = 0;
    const tick = () => response.write(`id: ${++id}\nevent: tick\ndata: ${data}\n\n`);
    tick();
    this.#open.set(response, setInterval(tick, intervalMs));
    response.once('close', () => this.#forget(response));
  }

  endAll(): void {
    for (const response of this.#open.keys()) {
      this.#forget(response);
      response.end('event: end\ndata: {"reason":"shutdown"}\n\n');
    }
  }

  #forget(response: ServerResponse): void {
    clearInterval(this.#open.get(response));
    this.#open.delete(response);
  }
}
