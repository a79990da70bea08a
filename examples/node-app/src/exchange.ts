import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventStreams } from './event-streams.ts';
import type { Faults } from './faults.ts';
import type { Settings } from './settings.ts';
import type { Sockets } from './sockets.ts';

/** What the handlers share. */
export interface App {
  readonly settings: Settings;
  readonly faults: Faults;
  readonly streams: EventStreams;
  readonly sockets: Sockets;
  requests: number;
  /** Since SIGTERM: no new work, what is in flight is finished. */
  stopping: boolean;
}

export interface Exchange {
  readonly app: App;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

export function answer(exchange: Exchange, status: number, type: string, body: string | Buffer): void {
  const { app, response } = exchange;
  if (app.stopping) response.setHeader('Connection', 'close');
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

export function answerJson(exchange: Exchange, status: number, facts: Record<string, unknown>): void {
  const body = { buildVersion: exchange.app.settings.buildVersion, ...facts };
  answer(exchange, status, 'application/json', JSON.stringify(body));
}
