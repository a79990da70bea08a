import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { describeInImage, install, onSqlite, run, start, type RunningApp } from './start-app.ts';

async function openSocket(app: RunningApp): Promise<WebSocket> {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/socket`);
  onTestFinished(() => void socket.terminate());
  await once(socket, 'open');
  return socket;
}

describeInImage('the FastAPI example and its connections', () => {
  it('sends every message of a WebSocket back, among ticks', async () => {
    const app = await start(await install(), onSqlite);
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/socket`);
    const [[response]] = (await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])) as [
      [{ headers: Record<string, string> }],
      unknown,
    ];
    expect(response.headers['x-build-version']).toBe('v1');
    const messages: string[] = [];
    socket.on('message', (data, binary) => messages.push(binary ? 'binary' : String(data)));
    socket.send('hello');
    socket.send(Buffer.from([1, 2]));
    await expect
      .poll(() => messages.filter((message) => message.startsWith('{"tick"')).length)
      .toBeGreaterThan(1);
    expect(messages).toEqual(expect.arrayContaining(['hello', 'binary']));
    socket.close(1000);
    expect((await once(socket, 'close'))[0]).toBe(1000);
    await expect.poll(async () => (await fetch(`${app.url}/metrics`)).text()).toContain('app_websockets 0\n');
  });

  it('forgets a stream whose client has gone', async () => {
    const app = await start(await install(), onSqlite);
    const aborter = new AbortController();
    await fetch(`${app.url}/events`, { signal: aborter.signal });
    const streams = async () =>
      /app_event_streams (\d+)/.exec(await (await fetch(`${app.url}/metrics`)).text())?.[1];
    expect(await streams()).toBe('1');
    aborter.abort();
    await expect.poll(streams).toBe('0');
  });
});

describeInImage('the FastAPI example at SIGTERM', () => {
  it('finishes what is in flight, ends streams, says goodbye on WebSockets, and exits with 0', async () => {
    const app = await start(await install(), onSqlite);
    const slow = fetch(`${app.url}/slow?ms=1500`);
    const upload = startUpload(app);
    const stream = await fetch(`${app.url}/events`);
    const socket = await openSocket(app);
    const closed = once(socket, 'close');
    await upload.begun;
    app.process.kill('SIGTERM');
    const events = await stream.text();
    expect(events).toMatch(/^id: 1\nevent: tick\ndata: {"buildVersion": "v1"}\n\n/);
    expect(events).toMatch(/event: end\ndata: \{"reason":"shutdown"\}\n\n$/);
    expect((await closed)[0]).toBe(1001);
    upload.finish();
    expect(await upload.answer).toMatch(/^HTTP\/1.1 200 .*"bytes":10/s);
    const answer = await slow;
    expect([answer.status, await answer.json()]).toEqual([200, { sleptMs: 1500 }]);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await app.ended).toBe(0);
    expect(app.stdout()).toMatch(/"event": "stopping", "signal": "SIGTERM"}\n{"event": "stopped"}\n$/);
    expect(app.stderr()).toBe('');
  });

  it('does not wait for connections that are merely open', async () => {
    const app = await start(await install(), onSqlite);
    const idle = connect(Number(new URL(app.url).port), '127.0.0.1');
    onTestFinished(() => void idle.destroy());
    idle.write('GET / HTTP/1.1\r\nHost: app\r\n\r\n');
    await once(idle, 'data');
    app.process.kill('SIGTERM');
    expect(await app.ended).toBe(0);
  });

  it('does not wait for ever for a client that never says goodbye', async () => {
    const app = await start(await install(), onSqlite);
    const client = connect(Number(new URL(app.url).port), '127.0.0.1');
    onTestFinished(() => void client.destroy());
    const handshake = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13';
    client.write(
      `GET /socket HTTP/1.1\r\nHost: app\r\n${handshake}\r\nSec-WebSocket-Key: ${btoa('0123456789abcdef')}\r\n\r\n`,
    );
    await once(client, 'data');
    app.process.kill('SIGTERM');
    expect(await app.ended).toBe(0);
  });

  it('ends at once while it is still starting', async () => {
    const starting = await run(await install(), { ...onSqlite, PYTHONVERBOSE: '1' });
    for await (const text of starting.process.stderr!) if (/import 'uvicorn/.test(String(text))) break;
    starting.process.stderr!.resume();
    starting.process.kill('SIGTERM');
    expect([0, 143]).toContain(await starting.ended);
  });
});

/** A body of ten bytes, five now and five when told. */
function startUpload(app: RunningApp) {
  const client = connect(Number(new URL(app.url).port), '127.0.0.1');
  onTestFinished(() => void client.destroy());
  const head = 'POST /upload HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n';
  client.write(head);
  let said = '';
  client.on('data', (text) => (said += text.toString()));
  // 100 Continue comes when the app reads the body: then the request is in flight.
  const begun = once(client, 'data').then(() => void client.write('01234'));
  const answer = once(client, 'close').then(() => said.replace(/^HTTP\/1.1 100 .*?\r\n\r\n/s, ''));
  return { begun, answer, finish: () => void client.write('56789') };
}
