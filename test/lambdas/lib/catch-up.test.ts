import { describe, expect, test } from 'vitest';
import type { Finding, FindingId } from '../../../contracts/finding.ts';
import { catchUpRequest } from '../../../contracts/request.ts';
import { hostsToHeal, startCatchUp, withAttempts } from '../../../lambdas/lib/catch-up.ts';
import type { HostCheck } from '../../../lambdas/lib/host-check.ts';
import { digestOf } from '../support/samples.ts';
import { useWorld } from '../support/setup.ts';

const now = 1_800_000_000_000;
const [hour, day, host] = [3_600_000, 24 * 3_600_000, 'i-0aaaaaaaa'];
const found = (finding: FindingId, of = host): Finding[] => [{ finding, host: of, says: '' }];
const check = (catchUps: HostCheck['catchUps'] = {}): HostCheck => ({
  fence: 7,
  digest: digestOf('a'),
  looks: [],
  answeredAt: {},
  catchUps,
});
const heals = (findings: Finding[], known = findings, catchUps: HostCheck['catchUps'] = {}) =>
  hostsToHeal(findings, known, check(catchUps), now);

describe('a catch-up', () => {
  test.each(['host-behind', 'host-not-serving'] as const)('heals %s', (finding) => {
    expect(heals(found(finding))).toEqual([host]);
  });

  test.each(['stray-candidate', 'nginx-would-not-start', 'host-unreadable', 'host-offline'] as const)(
    'heals no %s',
    (finding) => {
      expect(heals(found(finding))).toEqual([]);
    },
  );

  test('waits for a second look: a container may be between two starts', () => {
    expect(heals(found('host-not-serving'), [])).toEqual([]);
    expect(heals(found('host-not-serving'), found('stray-candidate'))).toEqual([]);
    expect(heals(found('host-not-serving'), found('host-behind'))).toEqual([host]);
  });

  test('is tried three times a day for a host and release', () => {
    const healsAfter = (...hours: number[]) =>
      heals(found('host-behind'), undefined, { [host]: hours.map((ago) => now - ago * hour) }).length > 0;
    expect(healsAfter(2, 1)).toBe(true);
    expect(healsAfter(23, 22, 20)).toBe(false);
    expect(healsAfter(24, 22, 20)).toBe(true);
  });

  test('is not tried again at once: what keeps it from a host may be away for a while', () => {
    const healsAfter = (...minutes: number[]) =>
      heals(found('host-behind'), undefined, { [host]: minutes.map((ago) => now - (ago * hour) / 60) })
        .length > 0;
    expect([healsAfter(4), healsAfter(5)]).toEqual([false, true]);
    expect([healsAfter(64, 59), healsAfter(65, 60)]).toEqual([false, true]);
  });

  test('takes together who was not tried yet, and afterwards each alone, the least tried first', () => {
    const [one, two, three] = ['i-0aaaaaaaa', 'i-0bbbbbbbb', 'i-0cccccccc'] as const;
    const all = [one, two, three].flatMap((each) => found('host-behind', each));
    const after = (tried: HostCheck['catchUps']) => heals(all, undefined, tried);
    expect(after({ [one]: [now - 1] })).toEqual([two, three]);
    const tried = { [two]: [now - hour], [three]: [now - hour] };
    expect(after({ [one]: [now - 2 * hour, now - hour], ...tried })).toEqual([two]);
    expect(after({ [one]: [now - day], ...tried })).toEqual([one]);
  });

  test('is not remembered of hosts beyond the day, for they may be gone', () => {
    expect(withAttempts({ [host]: [now - day], 'i-0bbbbbbbb': [now - day, now - 1] }, [], now)).toEqual({
      'i-0bbbbbbbb': [now - 1],
    });
  });

  test('takes as many hosts as a request may name', () => {
    const hosts = Array.from({ length: 60 }, (_, index) => `i-0000000${index + 10}`);
    const healed = heals(hosts.flatMap((one) => found('host-behind', one)));
    expect(catchUpRequest.parse({ app: 'web', catchUp: healed }).catchUp).toHaveLength(50);
  });
});

describe('the execution', () => {
  const world = useWorld();
  const start = (known: HostCheck) => startCatchUp('web', [host], known, world.sfn);
  const started = () => world.statesDouble.started;

  test('is told the app and the hosts', async () => {
    await start(check());
    expect(started()).toMatchObject([{ input: { app: 'web', catchUp: [host] } }]);
    expect(started()[0]!.name).toMatch(/^catch-up-web-[0-9a-f]{16}$/);
  });

  test('is started once for an attempt, whoever died before that was written down', async () => {
    await start(check());
    world.statesDouble.taken.add(started()[0]!.name);
    await start(check());
    expect(started()).toHaveLength(1);
    await start(check(withAttempts({}, [host], now)));
    expect(started()).toHaveLength(2);
  });
});
