import type { ServerResponse } from 'node:http';

const intervalMs = 250;

/** Server-sent events: a tick each 250 ms, and an explicit `end` event, so that a client can tell an end from a cut. */
export class EventStreams {
  readonly #open = new Set<ServerResponse>();
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
    const timer = setInterval(tick, intervalMs);
    this.#open.add(response);
    const forget = () => (clearInterval(timer), this.#open.delete(response));
    response.once('close', forget).once('finish', forget);
  }

  endAll(): void {
    for (const response of this.#open) {
      response.end('event: end\ndata: {"reason":"shutdown"}\n\n');
      this.#open.delete(response);
    }
  }
}
