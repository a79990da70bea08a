import type { Closed } from '../../lambdas/close-deployment.ts';
import type { Ledger } from '../../lambdas/lib/ledger.ts';
import { deploymentsOf, type HistoryEntry } from '../../lambdas/lib/release-history.ts';

type Entry = Omit<HistoryEntry, 'closed'> & { readonly closed?: Closed; readonly closedBy?: string };

export interface Deployment extends Entry {
  readonly leftOut: readonly string[];
}

/** The newest first, with whom their plans left out. */
export async function readHistory(app: string, ledger: Ledger): Promise<Deployment[]> {
  const deployments: Deployment[] = [];
  for await (const entry of deploymentsOf(app, ledger)) {
    const plan = await ledger.plan(entry.deploymentId);
    deployments.push({ ...(entry as Entry), leftOut: plan?.leftOut ?? [] });
  }
  return deployments;
}

/** What the history says of a host. */
export interface Claim {
  readonly deploymentId: string;
  /** A digest, `nothing` or `unknown`. */
  readonly serves: string;
  /** Whether that should be the current release: not after an Inconsistent, nor for a host that was left out since. */
  readonly isCurrent: boolean;
}

/** By the last deployment that it took part in; undefined for a host that has taken part in none. */
export function claimOf(instanceId: string, deployments: readonly Deployment[]): Claim | undefined {
  const index = deployments.findIndex(
    ({ closed, leftOut }) => !leftOut.includes(instanceId) && servedBy(closed, instanceId) !== undefined,
  );
  if (index < 0) return undefined;
  const { deploymentId, outcome, closed } = deployments[index]!;
  const wasLeftOut = deployments.slice(0, index).some(({ leftOut }) => leftOut.includes(instanceId));
  const isCurrent = outcome !== 'Inconsistent' && !wasLeftOut;
  return { deploymentId, serves: servedBy(closed, instanceId)!, isCurrent };
}

function servedBy(closed: Closed | undefined, instanceId: string): string | undefined {
  const group = Object.entries(closed?.serving ?? {}).find(([, hosts]) => hosts.includes(instanceId));
  return group?.[0].replace(/^.*@/, '');
}
