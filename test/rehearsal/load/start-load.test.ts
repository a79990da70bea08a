import { expect, it } from 'vitest';
import { loadKinds } from '../../../rehearsal/load/rates.ts';
import { startLoad, type Load } from '../../../rehearsal/load/start-load.ts';
import { silence } from './run-load.ts';
import { startExampleApp, startServer } from './servers.ts';

const rates = {
  keepAliveGetsPerSecond: 60,
  newConnectionGetsPerSecond: 30,
  postsPerSecond: 20,
  slowGetsPerSecond: 5,
  slowMs: 300,
  uploadsPerSecond: 5,
  uploadMs: 300,
  eventStreams: 2,
  webSockets: 2,
};

const until = (load: Load, requests: number) =>
  expect.poll(async () => (await load.snapshot()).requests).toBeGreaterThan(requests);

it('finds nothing wrong with a healthy app, under every kind of load', async () => {
  const { address } = await startExampleApp('v1');
  const load = await startLoad({ target: address, rates });
  await load.mark('first');
  await until(load, 60);
  await load.mark('second');
  await until(load, 150);
  const report = await load.stop();
  expect(report).toMatchObject({
    failed: 0,
    resets: 0,
    truncatedStreams: 0,
    webSocketsWithoutCloseFrame: 0,
    faults: [],
  });
  for (const kind of loadKinds) expect(report.kinds[kind].requests, kind).toBeGreaterThan(1);
  expect(report.sections.map(({ name }) => name)).toEqual(['first', 'second']);
  expect(report.sections[0]?.endedAt).toBe(report.sections[1]?.startedAt);
  expect(report.versionsSeen).toMatchObject([{ version: 'v1', count: report.requests }]);
  expect(report.p99Ms).toBeGreaterThanOrEqual(report.p50Ms);
});

it('follows its app from one release to the next, and says when it saw which', async () => {
  const first = await startExampleApp('v1');
  const rates = { ...silence, eventStreams: 1, webSockets: 1 };
  const load = await startLoad({ target: first.address, rates });
  await expect
    .poll(async () => (await load.snapshot()).versionsSeen)
    .toMatchObject([{ version: 'v1', count: 2 }]);
  await first.stop();
  await startExampleApp('v2', first.address.port);
  await expect
    .poll(async () => (await load.snapshot()).versionsSeen)
    .toMatchObject([{}, { version: 'v2', count: 2 }]);
  const report = await load.stop();
  expect(report).toMatchObject({ reconnects: 2, truncatedStreams: 0, webSocketsWithoutCloseFrame: 0 });
  const [v1, v2] = report.versionsSeen;
  expect(v1).toMatchObject({ version: 'v1', count: 2 });
  expect(v2!.firstAt).toBeGreaterThanOrEqual(v1!.lastAt);
  // Nobody stood in front of the two: the gap may show, as a port that is closed or is just closing.
  for (const { reason } of report.faults) expect(['refused', 'reset']).toContain(reason);
});

it('waits for what is in flight when it stops', async () => {
  let [begun, over] = [0, 0];
  const target = await startServer((_, response) => {
    begun += 1;
    setTimeout(() => (over++, response.end()), 400);
  });
  const load = await startLoad({ target, rates: { ...silence, slowGetsPerSecond: 20, slowMs: 400 } });
  await until(load, 2);
  expect(begun).toBeGreaterThan(over);
  const report = await load.stop();
  expect(report).toMatchObject({ requests: begun, failed: 0 });
  expect(over).toBe(begun);
});

it('asks for the target by name, and takes twice the delay for a round trip', async () => {
  const hosts = new Set<string | undefined>();
  const target = await startServer(({ headers }, response) => {
    hosts.add(headers.host);
    response.end();
  });
  const load = await startLoad({ target, delayMs: 25, rates: { ...silence, keepAliveGetsPerSecond: 50 } });
  await until(load, 40);
  const report = await load.stop();
  expect(report.failed).toBe(0);
  expect(report.p50Ms).toBeGreaterThanOrEqual(50);
  expect([...hosts]).toEqual([`127.0.0.1:${target.port}`]);
});
