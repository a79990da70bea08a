import { describe, expect, test } from 'vitest';
import { checkOf, dueHosts, type HostCheck } from '../../../lambdas/lib/host-check.ts';
import type { AppState } from '../../../lambdas/lib/app-state.ts';
import { digestOf } from '../support/samples.ts';

const minute = 60_000;
const now = 1_800_000_000_000;
const names = (count: number) => Array.from({ length: count }, (_, index) => `i-${index}`);
const check = (overrides: Partial<HostCheck> = {}): HostCheck => ({
  fence: 7,
  digest: digestOf('a'),
  looks: [],
  answeredAt: {},
  catchUps: {},
  ...overrides,
});
const answered = (hosts: string[], minutesAgo: number) =>
  Object.fromEntries(hosts.map((host) => [host, now - minutesAgo * minute]));
const due = (hosts: string[], known: HostCheck, drift: [string, number][] = []) =>
  dueHosts(hosts, known, new Map(drift.map(([host, ago]) => [host, now - ago * minute])), now);

describe('who is asked', () => {
  test('everybody at once who has not answered since the last deployment', () => {
    expect(due(names(1000), check())).toHaveLength(1000);
  });

  test('nobody whose answer is still to come', () => {
    const looks = [{ commandId: 'c', hosts: ['i-0'], sentAt: now }];
    expect(due(names(2), check({ looks }))).toEqual(['i-1']);
  });

  test('who serves the current release, after a quarter of an hour', () => {
    const answeredAt = { ...answered(['i-0'], 14.9), ...answered(['i-1'], 15) };
    expect(due(names(2), check({ answeredAt }))).toEqual(['i-1']);
  });

  test('of a thousand that are due together a fifteenth, the longest silent first, so that all have their turn in time', () => {
    const answeredAt = { ...answered(names(1000), 15), ...answered(['i-500'], 16) };
    const asked = due(names(1000), check({ answeredAt }));
    expect(asked).toHaveLength(67);
    expect(asked[0]).toBe('i-500');
  });

  test.each([
    [0, 0, true],
    [4, 1, false],
    [4, 2, true],
    [600, 14, false],
    [600, 15, true],
  ])('who is in drift for %i min and answered %i min ago: %s', (drift, ago, expected) => {
    const known = check({ answeredAt: answered(['i-0'], ago) });
    expect(due(['i-0'], known, [['i-0', drift]])).toEqual(expected ? ['i-0'] : []);
  });
});

describe('what is known', () => {
  const stateOf = (fence: number, digest: string) => ({ lease: { fence }, current: { digest } }) as AppState;
  const known = check({ answeredAt: { 'i-0': now }, catchUps: { 'i-0': [now] } });

  test('holds while no deployment has been at work', () => {
    expect(checkOf(known, stateOf(7, digestOf('a')))).toBe(known);
  });

  test('is void after one; attempts to heal count on for the same release alone', () => {
    expect(checkOf(known, stateOf(8, digestOf('a')))).toEqual(check({ fence: 8, catchUps: known.catchUps }));
    expect(checkOf(known, stateOf(8, digestOf('b')))).toEqual(check({ fence: 8, digest: digestOf('b') }));
  });

  test('of a thousand hosts fits into an item of 400 KB, and so do their findings', () => {
    const hosts = Array.from({ length: 1000 }, (_, index) => `i-${String(index).padStart(17, '0')}`);
    const times = Object.fromEntries(hosts.map((host) => [host, [now, now, now]]));
    const looks = [{ commandId: 'c'.repeat(36), hosts, sentAt: now }];
    const all = check({ answeredAt: answered(hosts, 1), catchUps: times, looks });
    expect(JSON.stringify(all).length).toBeLessThan(200_000);
  });
});
