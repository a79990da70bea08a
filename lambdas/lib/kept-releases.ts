import type { KeepRule } from './decide-expiry.ts';
import type { ExistingHost } from './hosts.ts';
import type { HistoryEntry } from './release-history.ts';

export interface Keeping {
  /** So many releases that went live last are kept. */
  readonly releases: number;
  /** Epoch milliseconds: what was asked for since then is kept, since another tag does not renew ECR's own time of a push. */
  readonly youngerThan: number;
  /** So many of them each host keeps: what a host could go back to without a pull must not be missing here. */
  readonly releasesOfHost: number;
  /** All instances that exist, running or not. */
  readonly hosts: readonly ExistingHost[];
}

/** Digests by the rule that keeps them. */
export type KeptDigests = Map<string, KeepRule>;

/** A deployment looks for its hosts some time after it took the lease, and EC2 has a clock of its own. */
const marginMs = 3_600_000;

/**
 * Walks the history from the newest deployment, until it has said of every rule what is kept by it. `hostsOf` answers the hosts
 * of a deployment's plan, undefined if there is none.
 */
export async function keptReleases(
  history: AsyncIterable<HistoryEntry>,
  { releases, releasesOfHost, youngerThan, hosts }: Keeping,
  hostsOf: (deploymentId: string) => Promise<readonly string[] | undefined>,
): Promise<KeptDigests> {
  const kept: KeptDigests = new Map();
  const keep = (digest: string, rule: KeepRule) => void (kept.has(digest) || kept.set(digest, rule));
  const live = new Set<string>();
  const waiting = new Map(hosts.map(({ instanceId }) => [instanceId, new Set<string>()]));
  for await (const { deploymentId, outcome, since, request, closed } of history) {
    // What was before a host says nothing of it: a new one would have all of the history read.
    for (const host of hosts) if (since < host.createdAt - marginMs) waiting.delete(host.instanceId);
    if (live.size >= releases && waiting.size === 0 && since < youngerThan) break;
    const digest = closed?.digest ?? request.digest;
    if (!digest) continue;
    if (outcome === 'Running') keep(digest, 'open');
    if (since >= youngerThan) keep(digest, 'young');
    if (outcome === 'Succeeded' && live.size < releases) keep(digest, 'release');
    if (outcome === 'Succeeded') live.add(digest);
    if (waiting.size === 0 || !reachedHosts(outcome)) continue;
    const planned = await hostsOf(deploymentId);
    const reached = planned?.filter((host) => waiting.has(host));
    if (!reached || reached.length > 0) keep(digest, 'host');
    if (outcome === 'Succeeded')
      for (const host of reached ?? [])
        if (waiting.get(host)!.add(digest).size >= releasesOfHost) waiting.delete(host);
  }
  return kept;
}

/** After any other outcome a host has what it had before. */
const reachedHosts = (outcome: HistoryEntry['outcome']) =>
  outcome === 'Succeeded' || outcome === 'Inconsistent';
