import { expect, it } from 'vitest';
import { Tally } from '../../../rehearsal/load/tally.ts';

const generator = { cpuPercent: 1, maxLagMs: 1 };
const reset = { reason: 'reset', detail: 'socket hang up' };

it('gives the nearest-rank percentiles of quick requests that succeeded', () => {
  const tally = new Tally();
  for (let ms = 1; ms <= 200; ms++) tally.note({ type: 'request', kind: 'post', ms });
  tally.note({ type: 'request', kind: 'slowGet', ms: 5000 });
  tally.note({ type: 'request', kind: 'keepAliveGet', ms: 9000, fault: reset });
  expect(tally.report(generator)).toMatchObject({
    requests: 202,
    failed: 1,
    resets: 1,
    p50Ms: 100,
    p99Ms: 198,
  });
});

it('counts by kind, by section and in all', () => {
  const tally = new Tally();
  tally.note({ type: 'request', kind: 'post', ms: 1 });
  tally.mark('switch', 1);
  tally.note({
    type: 'truncated-stream',
    kind: 'eventStream',
    ms: 1,
    fault: { reason: 'truncated', detail: '' },
  });
  tally.mark('after', 2);
  tally.note({ type: 'request', kind: 'post', ms: 1, fault: reset });
  const report = tally.report(generator);
  expect(report).toMatchObject({ requests: 2, failed: 1, truncatedStreams: 1 });
  expect(report.kinds.post).toMatchObject({ requests: 2, failed: 1, truncatedStreams: 0 });
  expect(report.sections).toMatchObject([
    { name: 'switch', startedAt: 1, endedAt: 2, requests: 0, truncatedStreams: 1 },
    { name: 'after', startedAt: 2, requests: 1, resets: 1, truncatedStreams: 0 },
  ]);
});

it('keeps all faults of a section in full', () => {
  const tally = new Tally();
  tally.note({ type: 'request', kind: 'post', ms: 1, fault: reset });
  tally.mark('after', 2);
  for (let request = 0; request < 60; request++)
    tally.note({ type: 'request', kind: 'post', ms: 7, fault: reset });
  const [section] = tally.report(generator).sections;
  expect(section!.faults).toHaveLength(60);
  expect(section!.faults[0]).toMatchObject({ kind: 'post', reason: 'reset', ms: 7 });
});

it('groups faults, keeps the first fifty in full, and knows when it saw which release', () => {
  const tally = new Tally();
  for (let request = 0; request < 60; request++)
    tally.note({ type: 'request', kind: 'post', ms: 1, fault: reset });
  for (const version of ['v1', 'v2', 'v1']) tally.note({ type: 'request', kind: 'post', ms: 1, version });
  const { faults, samples, versionsSeen } = tally.report(generator);
  expect(faults).toMatchObject([{ kind: 'post', reason: 'reset', count: 60 }]);
  expect(samples).toHaveLength(50);
  expect(versionsSeen).toMatchObject([
    { version: 'v1', count: 2 },
    { version: 'v2', count: 1 },
  ]);
});

it('counts nothing of nothing', () => {
  expect(new Tally().report(generator)).toMatchObject({
    requests: 0,
    p50Ms: 0,
    p99Ms: 0,
    sections: [],
    faults: [],
  });
});
