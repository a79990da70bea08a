import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../../../rehearsal/load/load-report.ts';
import { runLoad } from './run-load.ts';
import { listen, startServer, startSocketServer } from './servers.ts';
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

describe('an event stream', () => {
  const open = { 'Content-Type': 'text/event-stream' };
  const cut = (report: LoadReport) => report.truncatedStreams >= 2;

  it('is truncated when it ends without its end event', async () => {
    const target = await startServer((_, response) =>
      response.writeHead(200, open).end('id: 1\nevent: tick\n\n'),
    );
    const report = await runLoad(target, { eventStreams: 1 }, cut);
    expect(reasons(report)).toEqual(['eventStream truncated']);
    expect(report).toMatchObject({ failed: 0, reconnects: 0 });
  });

  it('is truncated when its connection is cut, even after the end event', async () => {
    const target = await startServer(({ socket }, response) => {
      response.writeHead(200, open).write('id: 1\nevent: tick\n\nevent: end\n\n', () => socket.destroy());
    });
    await runLoad(target, { eventStreams: 1 }, cut);
  });

  it('is truncated when events are missing or stop', async () => {
    const gap = await startServer((_, response) => response.writeHead(200, open).write('id: 1\n\nid: 3\n\n'));
    const report = await runLoad(gap, { eventStreams: 1 }, cut);
    expect(report.samples[0]?.detail).toBe('event 3 came after event 1');
    const silent = await startServer((_, response) => response.writeHead(200, open).write('id: 1\n\n'));
    await runLoad(silent, { eventStreams: 1 }, cut, 100);
  });

  it('reconnects at once after a proper end, without a fault', async () => {
    const target = await startServer((_, response) =>
      response.writeHead(200, open).end('id: 1\n\nevent: end\n\n'),
    );
    const report = await runLoad(target, { eventStreams: 1 }, ({ reconnects }) => reconnects > 3);
    expect(report).toMatchObject({ truncatedStreams: 0, failed: 0, faults: [] });
  });

  it('is a failed request when it never opens', async () => {
    const target = await startServer((_, response) => response.writeHead(502).end());
    const report = await runLoad(target, { eventStreams: 1 }, ended(2));
    expect(reasons(report)).toEqual(['eventStream status-502']);
    expect(report.truncatedStreams).toBe(0);
  });
});

describe('a WebSocket', () => {
  it('is counted when it closes without a close frame', async () => {
    const target = await startSocketServer((socket) => socket.terminate());
    const report = await runLoad(
      target,
      { webSockets: 1 },
      (found) => found.webSocketsWithoutCloseFrame >= 2,
    );
    expect(reasons(report)).toEqual(['webSocket no-close-frame']);
    expect(report).toMatchObject({ failed: 0, reconnects: 0 });
  });

  it('reconnects at once after a close frame, without a fault', async () => {
    const target = await startSocketServer((socket) => socket.close(1001));
    const report = await runLoad(target, { webSockets: 1 }, ({ reconnects }) => reconnects > 3);
    expect(report).toMatchObject({ webSocketsWithoutCloseFrame: 0, failed: 0, faults: [] });
  });

  it('fails when what comes back is not what was sent, or nothing does', async () => {
    const lying = await startSocketServer((socket) =>
      socket.on('message', () => socket.send('something else')),
    );
    expect(reasons(await runLoad(lying, { webSockets: 1 }, (found) => found.failed > 0))).toEqual([
      'webSocket wrong-payload',
    ]);
    const deaf = await startSocketServer(() => {});
    expect(reasons(await runLoad(deaf, { webSockets: 1 }, (found) => found.failed > 0, 300))).toEqual([
      'webSocket timeout',
    ]);
  });

  it('is a failed request when the handshake is refused', async () => {
    const target = await startServer(() => {});
    const server = createServer((socket) =>
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'),
    );
    expect(reasons(await runLoad(await listen(server), { webSockets: 1 }, ended(2)))).toEqual([
      'webSocket status-502',
    ]);
    expect(reasons(await runLoad(target, { webSockets: 1 }, ended(1), 200))).toEqual(['webSocket timeout']);
  });
});
