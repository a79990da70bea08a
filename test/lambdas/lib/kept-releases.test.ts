import { describe, expect, test } from 'vitest';
import { keptReleases, type Keeping } from '../../../lambdas/lib/kept-releases.ts';
import type { ExistingHost } from '../../../lambdas/lib/hosts.ts';
import type { HistoryEntry } from '../../../lambdas/lib/release-history.ts';
import { seededRandom } from '../support/random.ts';
import { sampleRequest } from '../support/samples.ts';

const outcomes = [
  'Succeeded',
  'Succeeded',
  'Succeeded',
  'RolledBack',
  'Failed',
  'Inconsistent',
  'Running',
] as const;

const hour = 3_600_000;
/** Hosts that are older than any deployment. */
const old = (...ids: string[]): ExistingHost[] => ids.map((instanceId) => ({ instanceId, createdAt: 0 }));

interface Entry {
  readonly outcome: HistoryEntry['outcome'];
  readonly digest?: string;
  readonly since?: number;
  /** undefined: there is no plan. */
  readonly hosts?: readonly string[];
}

/** The newest first. */
async function walk(entries: readonly Entry[], about: Partial<Keeping> = {}) {
  const read = { entries: 0, plans: [] as string[] };
  const names = entries.map((_, index) => `web-${entries.length - index}`);
  async function* history(): AsyncGenerator<HistoryEntry> {
    for (const [index, { outcome, digest, since = 0 }] of entries.entries()) {
      read.entries += 1;
      const request = sampleRequest({ digest });
      yield { deploymentId: names[index]!, executionArn: 'arn', outcome, since, request };
    }
  }
  const hostsOf = async (deploymentId: string) => {
    read.plans.push(deploymentId);
    return entries[names.indexOf(deploymentId)]!.hosts;
  };
  const keeping = { releases: 2, releasesOfHost: 2, youngerThan: 100, hosts: [], ...about };
  const kept = await keptReleases(history(), keeping, hostsOf);
  return { kept: Object.fromEntries(kept), ...read };
}

/** The rules one by one, over all of the history, without any thought for what it costs. */
function mustKeep(
  entries: readonly Entry[],
  { releases, releasesOfHost, youngerThan, hosts }: Keeping,
): Set<string> {
  const known = entries.filter((entry): entry is Entry & { digest: string } => entry.digest !== undefined);
  const succeeded = known.filter(({ outcome }) => outcome === 'Succeeded');
  const distinct = (of: readonly { digest: string }[]) => [...new Set(of.map(({ digest }) => digest))];
  const ofHost = (host: string) => {
    const here = known.filter(({ hosts }) => hosts?.includes(host));
    const live = distinct(here.filter(({ outcome }) => outcome === 'Succeeded')).slice(0, releasesOfHost);
    const oldest = live[releasesOfHost - 1];
    const last = here.findIndex(({ outcome, digest }) => outcome === 'Succeeded' && digest === oldest);
    const newer = last < 0 ? here : here.slice(0, last);
    return [...live, ...distinct(newer.filter(({ outcome }) => outcome === 'Inconsistent'))];
  };
  return new Set([
    ...distinct(succeeded).slice(0, releases),
    ...distinct(known.filter(({ outcome }) => outcome === 'Running')),
    ...distinct(known.filter(({ since = 0 }) => since >= youngerThan)),
    ...hosts.flatMap(({ instanceId }) => ofHost(instanceId)),
  ]);
}

describe('the releases that a history keeps', () => {
  test('are what the rules say, in 5,000 random histories', async () => {
    const random = seededRandom(11);
    const below = (limit: number) => Math.floor(random() * limit);
    let [gone, stay] = [0, 0];
    for (let round = 0; round < 5_000; round += 1) {
      const start = 90 + below(30);
      const fleet = Array.from({ length: below(5) }, (_, index) => ({
        instanceId: `i-${index}`,
        createdAt: random() < 0.5 ? 0 : (start - below(25)) * hour,
      }));
      const count = below(25);
      const entries = Array.from({ length: count }, (_, index): Entry => ({
        // Only the newest deployment can be open.
        outcome: outcomes[below(index === 0 ? 7 : 6)]!,
        ...(random() < 0.95 && { digest: `d${below(12)}` }),
        since: (start - index) * hour,
        // One that was created within an hour after the lease was taken may still have been found.
        hosts: fleet
          .filter(({ createdAt }) => createdAt <= (start - index + 1) * hour && random() < 0.6)
          .map(({ instanceId }) => instanceId),
      }));
      const hosts = [...fleet.filter(() => random() < 0.8), ...(random() < 0.1 ? old('i-new') : [])];
      const about = {
        releases: 2 + below(4),
        releasesOfHost: 2 + below(2),
        youngerThan: 100 * hour,
        hosts,
      };
      const { kept } = await walk(entries, about);
      expect(new Set(Object.keys(kept))).toEqual(mustKeep(entries, about));
      stay += Object.keys(kept).length;
      gone += new Set(entries.map(({ digest }) => digest)).size - Object.keys(kept).length;
    }
    expect(Math.min(gone, stay)).toBeGreaterThan(5_000);
  });

  test('are as many as each host keeps, however long ago it had them', async () => {
    const both = ['i-1', 'i-2'];
    const entries: Entry[] = [
      ...['e', 'd', 'c'].map((digest) => ({ outcome: 'Succeeded' as const, digest, hosts: ['i-1'] })),
      ...['b', 'a', 'z'].map((digest) => ({ outcome: 'Succeeded' as const, digest, hosts: both })),
    ];
    const offline = await walk(entries, { hosts: old(...both) });
    expect(offline.kept).toEqual({ e: 'release', d: 'release', b: 'host', a: 'host' });
    const three = await walk(entries, { hosts: old(...both), releasesOfHost: 3 });
    expect(three.kept).toEqual({ e: 'release', d: 'release', c: 'host', b: 'host', a: 'host', z: 'host' });
    const gone = await walk(entries, { hosts: old('i-1') });
    expect(gone.kept).toEqual({ e: 'release', d: 'release' });
  });

  test('are what a host may have been left with: of deployments that ended Inconsistent, of none that was rolled back', async () => {
    const hosts = ['i-1'];
    const entries: Entry[] = [
      { outcome: 'RolledBack', digest: 'back', hosts },
      { outcome: 'Inconsistent', digest: 'stuck', hosts },
      { outcome: 'Inconsistent', digest: 'elsewhere', hosts: ['i-2'] },
      { outcome: 'Succeeded', digest: 'now', hosts },
      { outcome: 'Inconsistent', digest: 'between', hosts },
      { outcome: 'Succeeded', digest: 'before', hosts },
      { outcome: 'Inconsistent', digest: 'long ago', hosts },
    ];
    expect(Object.keys((await walk(entries, { hosts: old('i-1') })).kept)).toEqual([
      'stuck',
      'now',
      'between',
      'before',
    ]);
  });

  test('count a release once, however often it was deployed', async () => {
    const hosts = ['i-1'];
    const again = (digest: string): Entry => ({ outcome: 'Succeeded', digest, hosts });
    const entries = [again('c'), again('c'), again('c'), again('b'), again('a')];
    expect((await walk(entries, { hosts: old('i-1') })).kept).toEqual({ c: 'release', b: 'release' });
  });

  test('are that of a deployment whose plan is lost, as if it had been for every host', async () => {
    const { kept } = await walk([{ outcome: 'Inconsistent', digest: 'a' }], { hosts: old('i-1') });
    expect(kept).toEqual({ a: 'host' });
  });

  test('are found without reading more than is needed', async () => {
    const hosts = ['i-1'];
    const entries = Array.from({ length: 500 }, (_, index): Entry => ({
      outcome: 'Succeeded',
      digest: `d${index}`,
      hosts,
    }));
    const { entries: read, plans } = await walk(entries, { hosts: old('i-1') });
    expect([read, plans]).toEqual([3, ['web-500', 'web-499']]);
  });

  test('are found without reading what was before a host that no deployment has taken yet', async () => {
    const entries = Array.from({ length: 500 }, (_, index): Entry => ({
      outcome: 'Succeeded',
      digest: `d${index}`,
      since: (500 - index) * hour,
      hosts: ['i-1'],
    }));
    const hosts = [...old('i-1'), { instanceId: 'i-new', createdAt: 500.5 * hour }];
    const about = { hosts, youngerThan: 1000 * hour };
    const { entries: read, plans } = await walk(entries, about);
    expect([read, plans]).toEqual([3, ['web-500', 'web-499']]);
  });
});
