import type { PhaseName } from '../../../contracts/phase-name.ts';
import { parseRunId } from '../../../lambdas/lib/ledger.ts';
import type { Rehearsal } from '../../rehearsal.ts';
import type { DeploymentReport } from '../../report/report.ts';

/** A phase that was asked of a host, in the order it was sent. */
export interface Asked {
  readonly phase: PhaseName;
  readonly instanceId: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export function askedOf({ deployer }: Rehearsal, deploymentId: string): Asked[] {
  return deployer.ssm.commands.flatMap(({ comment, invocations, requestedAt }) => {
    const run = parseRunId(comment);
    if (run?.deploymentId !== deploymentId) return [];
    return invocations.map(({ instanceId }) => ({ phase: run.phase, instanceId, at: requestedAt.getTime() }));
  });
}

/** Each host takes traffic only after the one before it has baked the release: the canary, then the rest in turn. */
export async function oneAfterTheOther(
  rehearsal: Rehearsal,
  { deploymentId }: DeploymentReport,
): Promise<string[]> {
  const inTurn = askedOf(rehearsal, deploymentId)
    .filter(({ phase }) => ['start-candidate', 'switch-traffic', 'bake'].includes(phase))
    .map(({ phase, instanceId }) => `${phase} on ${instanceId}`);
  const expected = rehearsal.stage.hosts.flatMap(({ instanceId }) => [
    `start-candidate on ${instanceId}`,
    `switch-traffic on ${instanceId}`,
    `bake on ${instanceId}`,
  ]);
  const isSame = inTurn.join() === expected.join();
  return [
    ...(isSame ? [] : [`the hosts were asked for ${inTurn.join(', ')} instead of ${expected.join(', ')}`]),
    ...(await bakedInTime(rehearsal, deploymentId)),
  ];
}

/** By the hosts' own clocks: the next one is live only when the one before has answered for its bake. */
async function bakedInTime({ deployer, stage }: Rehearsal, deploymentId: string): Promise<string[]> {
  const runs = await deployer.ledger.runs(deploymentId);
  const of = (phase: PhaseName, host: string) =>
    runs.find((run) => run.phase === phase && run.hosts.includes(host))?.receipts?.[host];
  const liveAt = (host: string) => {
    const receipt = of('switch-traffic', host);
    return receipt && receipt.result !== 'failed' ? Number(receipt.facts['liveAt']) : Number.NaN;
  };
  const ids = stage.hosts.map(({ instanceId }) => instanceId);
  return ids.slice(1).flatMap((id, index) => {
    const before = ids[index]!;
    const bakedAt = liveAt(before) + (of('bake', before)?.ms ?? Number.NaN);
    return liveAt(id) >= bakedAt
      ? []
      : [`${id} was live at ${liveAt(id)}, before ${before} had baked (${bakedAt})`];
  });
}

/** Hosts that a phase was asked of. */
export const hostsAsked = (rehearsal: Rehearsal, deploymentId: string, phase: PhaseName): string[] =>
  askedOf(rehearsal, deploymentId).flatMap((asked) => (asked.phase === phase ? [asked.instanceId] : []));
