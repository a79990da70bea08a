import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../../../rehearsal/load/load-report.ts';
import { runLoad } from './run-load.ts';
import { listen, startServer, startSocketServer } from './servers.ts';
import { createServer } from 'node:net';

const ended = (least: number) => (report: LoadReport) => report.requests >= least;
const reasons = (report: LoadReport) => report.faults.map(({ kind, reason }) => `${kind} ${reason}`);

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
