import type { Release } from '../../contracts/build-version.ts';
import type { DeploymentPlan } from '../../contracts/plan.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import { nameSome } from './hosts.ts';
import type { PhaseRun } from './ledger.ts';

/**
 * Instance ids by what they serve, `<BUILD_VERSION>@<digest>`, or the digest of a release that the ledger has no name for.
 * `nothing`: the plain 503 page; `unknown`: out of reach, or they did not say. 22 kB for a thousand hosts.
 */
export type Serving = Readonly<Record<string, readonly string[]>>;

/** What a host serves: a digest, an empty text for the 503 page, undefined when nobody knows. */
type Serves = string | undefined;

/** By what the hosts themselves said last: before the deployment, when traffic was moved, and on the way back. */
export function servingOf(
  { waves, leftOut = [], image }: Pick<DeploymentPlan, 'waves' | 'leftOut' | 'image'>,
  runs: readonly PhaseRun[],
  isLive: boolean,
  known: readonly Partial<Release>[],
): Serving {
  const served = new Map<string, Serves>(leftOut.map((host) => [host, undefined]));
  for (const [wave, hosts] of waves.entries()) {
    const ofWave = runs.filter((run) => run.wave === wave);
    for (const host of hosts) served.set(host, isLive ? image.digest : servedBy(host, ofWave, image.digest));
  }
  return groupByName(served, [image, ...known]);
}

function servedBy(host: string, runs: readonly PhaseRun[], digest: string): Serves {
  const last = (phase: PhaseRun['phase']) => runs.find((run) => run.phase === phase);
  const [inspect, moved, revert] = [last('inspect'), last('switch-traffic'), last('revert')];
  const before = liveDigest(inspect?.receipts?.[host]);
  const switched = moved?.receipts?.[host]?.result;
  const meanwhile = !moved ? before : switched && switched !== 'failed' ? digest : undefined;
  if (!revert) return meanwhile;
  const said = revert.receipts?.[host];
  // A way back that failed before it said where traffic is has not moved what had never been moved.
  return liveDigest(said) ?? (said && !moved ? before : undefined);
}

function liveDigest(receipt: Receipt | undefined): Serves {
  if (receipt?.result === 'failed') return receipt.liveDigest;
  return receipt && (receipt.facts.liveDigest as string | undefined);
}

function groupByName(served: ReadonlyMap<string, Serves>, known: readonly Partial<Release>[]): Serving {
  const groups: Record<string, string[]> = {};
  for (const [host, digest] of served) (groups[nameOf(digest, known)] ??= []).push(host);
  return groups;
}

function nameOf(digest: Serves, known: readonly Partial<Release>[]): string {
  if (!digest) return digest === undefined ? 'unknown' : 'nothing';
  const version = known.find((release) => release.digest === digest)?.buildVersion;
  return version ? `${version}@${digest}` : digest;
}

/** For a person: `1.4.0 (sha256:0a1b2c3d4e5f) is on i-1, i-2; i-3 did not say what it serves`. */
export function describeServing(serving: Serving): string {
  return Object.entries(serving)
    .map(([name, hosts]) => describeGroup(name, nameSome(hosts, 12)))
    .join('; ');
}

function describeGroup(name: string, hosts: string): string {
  if (name === 'unknown') return `${hosts} did not say what is served`;
  if (name === 'nothing') return `no release is on ${hosts}`;
  const [version, digest] = name.includes('@') ? name.split('@') : ['a release', name];
  return `${version} (${digest!.slice(0, 19)}) is on ${hosts}`;
}
