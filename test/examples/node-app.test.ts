import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { startAppProcess } from './app-process.ts';

describe('the example app', () => {
  it('serves every path of the image contract, and names its release on each', async () => {
    const { url } = await startAppProcess({});
    for (const path of ['/', '/health', '/health/live', '/health/ready', '/health/system', '/metrics']) {
      const response = await fetch(url + path);
      expect(response.status, path).toBe(200);
      expect(response.headers.get('X-Build-Version'), path).toBe('v1');
      const text = await response.text();
      if (path === '/metrics') expect(text).toContain('app_info{build_version="v1"} 1\n');
      else expect(JSON.parse(text)).toMatchObject({ buildVersion: 'v1' });
    }
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}//`)).status).toBe(404);
  });

  it('echoes a body, and counts and hashes an upload', async () => {
    const { url } = await startAppProcess({});
    const body = randomBytes(300_000);
    const echo = await fetch(`${url}/echo`, { method: 'POST', body });
    expect(Buffer.from(await echo.arrayBuffer()).equals(body)).toBe(true);
    expect((await fetch(`${url}/echo`, { method: 'POST', body: Buffer.alloc(2 << 20) })).status).toBe(413);
    const upload = await fetch(`${url}/upload`, { method: 'POST', body });
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(await upload.json()).toEqual({ buildVersion: 'v1', bytes: body.length, sha256 });
  });

  it('answers slowly when asked to, within bounds', async () => {
    const { url } = await startAppProcess({});
    const begin = performance.now();
    expect((await fetch(`${url}/slow?ms=150`)).status).toBe(200);
    expect(performance.now() - begin).toBeGreaterThan(140);
    for (const ms of ['', '-1', 'x', '99999'])
      expect((await fetch(`${url}/slow?ms=${ms}`)).status, ms).toBe(400);
  });

  it('echoes over a WebSocket, sends ticks, and refuses other upgrades', async () => {
    const { url } = await startAppProcess({});
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`);
    await once(socket, 'open');
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(data.toString()));
    socket.send('hello');
    await expect.poll(() => messages).toEqual(['hello', '{"tick":1,"buildVersion":"v1"}']);
    socket.close(1000);
    expect((await once(socket, 'close'))[0]).toBe(1000);
    const [error] = (await once(new WebSocket(`${url.replace('http', 'ws')}/other`), 'error')) as [Error];
    expect(error.message).toContain('404');
  });

  it('does not start without knowing its release', async () => {
    const { complaint, ended } = await startAppProcess({ BUILD_VERSION: '' });
    expect(await complaint).toContain('BUILD_VERSION is not set');
    expect(await ended).toBe(1);
  });
});

describe('on SIGTERM the example app', () => {
  it('finishes what is in flight, takes nothing new, and exits 0', async () => {
    const { url, process, ended } = await startAppProcess({});
    const slow = fetch(`${url}/slow?ms=600`);
    let asked = 0;
    const others = async () => {
      asked += 1;
      const [, total] = /app_requests_total (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())!;
      return Number(total) - asked;
    };
    await expect.poll(others).toBe(1);
    process.kill('SIGTERM');
    await once(process.stdout!, 'data');
    await expect(fetch(`${url}/`)).rejects.toThrow();
    expect(await (await slow).json()).toMatchObject({ sleptMs: 600 });
    expect(await ended).toBe(0);
  });

  it('ends event streams with an end event, and closes WebSockets with 1001', async () => {
    const { url, process, ended } = await startAppProcess({});
    const stream = await fetch(`${url}/events`);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/socket`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    process.kill('SIGTERM');
    const events = await stream.text();
    expect(events).toMatch(/^id: 1\nevent: tick\n/);
    expect(events).toMatch(/event: end\ndata: \{"reason":"shutdown"\}\n\n$/);
    expect((await closed)[0]).toBe(1001);
    expect(await ended).toBe(0);
  });

  it('does not wait for connections that are merely open', async () => {
    const { url, process, ended } = await startAppProcess({});
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void idle.destroy());
    await once(idle, 'connect');
    idle.write('GET / HTTP/1.1\r\nHost: app\r\n\r\n');
    await once(idle, 'data');
    const begin = performance.now();
    process.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(performance.now() - begin).toBeLessThan(60_000); // its keep-alive timeout is 65 s
  });
});

describe('a release that is meant to fail', () => {
  it('never becomes healthy with HEALTH=never, though it serves', async () => {
    const { url } = await startAppProcess({ HEALTH: 'never' });
    for (const path of ['/health', '/health/live', '/health/ready', '/health/system']) {
      expect((await fetch(url + path)).status, path).toBe(503);
    }
    expect((await fetch(url)).status).toBe(200);
  });

  it('dies so long after its first request that is no probe', async () => {
    const { url, process, ended } = await startAppProcess({ DIE_AFTER_FIRST_REQUEST_MS: '50' });
    for (const path of ['/health', '/metrics', '/health/ready']) await fetch(url + path);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(process.exitCode).toBeNull();
    await fetch(url);
    expect(await ended).toBe(1);
  });

  it('flaps with HEALTH=flaps, and reports another version when told to', async () => {
    const { url } = await startAppProcess({ HEALTH: 'flaps', REPORTED_VERSION: 'other' });
    const answers = [];
    for (let asked = 0; asked < 4; asked += 1) answers.push(await fetch(`${url}/health`));
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 503, 200]);
    expect(answers[1]!.headers.get('X-Build-Version')).toBe('other');
  });

  it('leaves its health unanswered once it has traffic, with HEALTH_UNDER_TRAFFIC=hangs', async () => {
    const { url } = await startAppProcess({ HEALTH_UNDER_TRAFFIC: 'hangs' });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(url)).status).toBe(200);
    const signal = AbortSignal.timeout(200);
    await expect(fetch(`${url}/health`, { signal })).rejects.toThrow(/timeout/);
    expect((await fetch(url)).status).toBe(200);
  });

  it('does not start with a health that it does not know', async () => {
    const { ended, complaint } = await startAppProcess({ HEALTH: 'good' });
    expect(await ended).toBe(1);
    expect(await complaint).toContain('HEALTH is "good"');
  });

  it('takes memory until it is killed, but only where SIGUSR2 may ask for it', async () => {
    const { process, ended } = await startAppProcess({ EAT_MEMORY_ON_SIGUSR2: 'true' });
    const taken = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))![1]);
    const before = taken();
    process.kill('SIGUSR2');
    await expect.poll(taken, { interval: 5 }).toBeGreaterThan(before + 64_000);
    process.kill('SIGKILL');
    const plain = await startAppProcess({});
    plain.process.kill('SIGUSR2');
    expect([await ended, await plain.ended]).toEqual(['SIGKILL', 'SIGUSR2']);
  });

  it('dies so long after its start', async () => {
    const { ended } = await startAppProcess({ DIE_AFTER_MS: '50' });
    expect(await ended).toBe(1);
  });
});
