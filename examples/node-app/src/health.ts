import { getHeapStatistics } from 'node:v8';
import { answerJson, type Exchange } from './exchange.ts';

const fullHeap = 0.95;

export function answerHealth(exchange: Exchange): void {
  report(exchange, exchange.app.stopping ? 'stopping' : 'healthy');
}

/** Alive as long as it answers at all. */
export function answerLive(exchange: Exchange): void {
  report(exchange, 'healthy');
}

export function answerSystem(exchange: Exchange): void {
  const heap = getHeapStatistics();
  const used = heap.used_heap_size / heap.heap_size_limit;
  const facts = {
    uptimeSeconds: Math.round(process.uptime()),
    memoryBytes: process.memoryUsage.rss(),
    heapUsed: used,
  };
  report(exchange, used > fullHeap ? 'out-of-memory' : 'healthy', facts);
}

function report(exchange: Exchange, found: string, facts: Record<string, unknown> = {}): void {
  const sickness = exchange.app.faults.sicknessNow();
  if (sickness === 'hangs') return;
  const status = sickness ? 'unhealthy' : found;
  answerJson(exchange, status === 'healthy' ? 200 : 503, { status, ...facts });
}
