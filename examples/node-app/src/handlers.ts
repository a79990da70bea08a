import { createHash } from 'node:crypto';
import { answer, answerJson, type Exchange } from './exchange.ts';

const maxEchoBytes = 1 << 20;
const maxSlowMs = 60_000;

export function answerHome(exchange: Exchange): void {
  answerJson(exchange, 200, { app: 'node-app', message: 'Served by EdgePaaS' });
}

export async function echo(exchange: Exchange): Promise<void> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of exchange.request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxEchoBytes) chunks.push(chunk);
  }
  if (bytes > maxEchoBytes) return answerJson(exchange, 413, { error: 'too-large', maxBytes: maxEchoBytes });
  const type = exchange.request.headers['content-type'] ?? 'application/octet-stream';
  answer(exchange, 200, type, Buffer.concat(chunks));
}

export async function receiveUpload(exchange: Exchange): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of exchange.request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  answerJson(exchange, 200, { bytes, sha256: hash.digest('hex') });
}

export function answerSlowly(exchange: Exchange): void {
  const text = exchange.query.get('ms') ?? '';
  const ms = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(ms <= maxSlowMs)) return answerJson(exchange, 400, { error: 'ms must be 0 to 60000' });
  const timer = setTimeout(() => answerJson(exchange, 200, { sleptMs: ms }), ms);
  exchange.response.once('close', () => clearTimeout(timer));
}

export function openEventStream(exchange: Exchange): void {
  if (exchange.app.stopping) return answerJson(exchange, 503, { status: 'stopping' });
  exchange.app.streams.open(exchange.response);
}

export function answerMetrics(exchange: Exchange): void {
  const { settings, requests, streams, sockets } = exchange.app;
  const lines = [
    `app_info{build_version=${JSON.stringify(settings.buildVersion)}} 1`,
    `app_requests_total ${requests}`,
    `app_event_streams ${streams.size}`,
    `app_websockets ${sockets.size}`,
    `process_uptime_seconds ${process.uptime().toFixed(3)}`,
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  ];
  answer(exchange, 200, 'text/plain; version=0.0.4', `${lines.join('\n')}\n`);
}
