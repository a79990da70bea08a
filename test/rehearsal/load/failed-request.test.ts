import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../../../rehearsal/load/load-report.ts';
import { runLoad } from './run-load.ts';
import { listen, startServer } from './servers.ts';
import { createServer } from 'node:net';

const ended = (least: number) => (report: LoadReport) => report.requests >= least;
const reasons = (report: LoadReport) => report.faults.map(({ kind, reason }) => `${kind} ${reason}`);

describe('a failed request', () => {
  it('is one that a proxy answers with 502', async () => {
    const target = await startServer((_, response) => response.writeHead(502).end('Bad Gateway'));
    const report = await runLoad(target, { newConnectionGetsPerSecond: 50 }, ended(5));
    expect(report.failed).toBe(report.requests);
    expect(reasons(report)).toEqual(['newConnectionGet status-502']);
    expect(report.samples[0]?.detail).toContain('Bad Gateway');
    expect(report.resets).toBe(0);
  });

  it('is counted one by one, among requests that succeed', async () => {
    let requests = 0;
    const target = await startServer((_, response) => response.writeHead(++requests % 3 ? 200 : 503).end());
    const report = await runLoad(target, { keepAliveGetsPerSecond: 100 }, ended(30));
    expect(report.failed).toBe(Math.floor(requests / 3));
    expect(report.requests).toBe(requests);
  });

  it('is a reset on a keep-alive connection that was used before', async () => {
    const seen = new WeakSet<object>();
    const target = await startServer(({ socket }, response) => {
      if (seen.has(socket)) return socket.resetAndDestroy();
      seen.add(socket);
      response.end('ok');
    });
    const report = await runLoad(target, { keepAliveGetsPerSecond: 50 }, ({ resets }) => resets >= 3);
    expect(report.failed).toBe(report.resets);
    expect(reasons(report)).toEqual(['keepAliveGet reset']);
    expect(report.requests).toBeGreaterThan(report.failed);
  });

  it('is a connection that was closed in order, but before the answer', async () => {
    const target = await startServer(({ socket }) => socket.end());
    const report = await runLoad(target, { postsPerSecond: 50 }, ended(3));
    expect(report.resets).toBe(report.requests);
  });

  it('is an answer that is cut in its middle', async () => {
    const target = await startServer(({ socket }, response) => {
      response.writeHead(200, { 'Content-Length': 10 }).write('half', () => socket.destroy());
    });
    const report = await runLoad(target, { keepAliveGetsPerSecond: 50 }, ended(3));
    expect(reasons(report)).toEqual(['keepAliveGet reset']);
    expect(report.failed).toBe(report.requests);
  });

  it('is no answer in time, or only half of one', async () => {
    const target = await startServer(({ method }, response) => {
      if (method === 'GET') response.writeHead(200, { 'Content-Length': 10 }).write('half');
    });
    const rates = { slowGetsPerSecond: 20, slowMs: 50, postsPerSecond: 20 };
    const report = await runLoad(
      target,
      rates,
      ({ kinds }) => kinds.slowGet.failed > 1 && kinds.post.failed > 1,
      100,
    );
    expect(reasons(report).sort()).toEqual(['post timeout', 'slowGet timeout']);
  });

  it('is a connection that nobody accepts', async () => {
    const server = createServer();
    const target = await listen(server);
    server.close();
    const report = await runLoad(
      target,
      { newConnectionGetsPerSecond: 50, webSockets: 1, eventStreams: 1 },
      ended(6),
    );
    expect(reasons(report).sort()).toEqual([
      'eventStream refused',
      'newConnectionGet refused',
      'webSocket refused',
    ]);
    expect(report.resets).toBe(0);
  });

  it('is a page with status 200 that is not the app', async () => {
    const target = await startServer((_, response) => {
      response.removeHeader('X-Build-Version');
      response.end('Welcome to nginx!');
    });
    const report = await runLoad(target, { newConnectionGetsPerSecond: 50 }, ended(3));
    expect(reasons(report)).toEqual(['newConnectionGet no-build-version']);
    expect(report.versionsSeen).toEqual([]);
  });

  it('is an echo or an upload that arrived changed', async () => {
    const target = await startServer(({ url }, response) => {
      response.end(
        url === '/upload' ? JSON.stringify({ bytes: 24576, sha256: 'f'.repeat(64) }) : 'something else',
      );
    });
    const rates = { postsPerSecond: 20, uploadsPerSecond: 10 };
    const report = await runLoad(
      target,
      rates,
      ({ kinds }) => kinds.upload.requests > 1 && kinds.post.requests > 1,
    );
    expect(reasons(report).sort()).toEqual(['post wrong-payload', 'upload wrong-payload']);
    expect(report.failed).toBe(report.requests);
  });

  it('is an upload that is refused while it is being sent', async () => {
    const target = await startServer((_, response) => response.writeHead(413).end());
    const report = await runLoad(target, { uploadsPerSecond: 10 }, ended(2));
    expect(reasons(report)).toEqual(['upload status-413']);
  });
});
