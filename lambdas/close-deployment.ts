import { oneLine } from '../contracts/failure.ts';
import type { Outcome } from '../contracts/outcome.ts';
import type { DeploymentPlan, ImagePlan } from '../contracts/plan.ts';
import type { Receipt } from '../contracts/receipt.ts';
import type { DeploymentRequest } from '../contracts/request.ts';
import { decideOutcome, type WalkedGraph } from './lib/decide-outcome.ts';
import { collectFacts, type DeploymentFacts } from './lib/deployment-facts.ts';
import { appKey, historyKey, Ledger, runKey, type CurrentRelease, type PhaseRun } from './lib/ledger.ts';

export interface CloseInput {
  readonly deployment: WalkedGraph & {
    readonly request: DeploymentRequest;
    readonly lease: { readonly deploymentId: string; readonly fence: number };
    readonly image?: ImagePlan;
    readonly plan?: Partial<DeploymentPlan>;
  };
  readonly executionArn: string;
}

/** What the graph ends with: the execution's Error and Cause come from `failure`. */
export interface Closed extends Omit<DeploymentFacts, 'warnings'> {
  readonly deploymentId: string;
  readonly app: string;
  readonly outcome: Outcome;
  readonly buildVersion?: string;
  readonly digest?: string;
  readonly lost: LostRequests;
  readonly failure: { readonly Error: string; readonly Cause: string };
  /** What somebody should know of although the release is live, a sentence each, joined by semicolons. */
  readonly warning?: string;
}

/** Nginx's own count while traffic was watched, over all hosts. */
export interface LostRequests {
  readonly requests: number;
  readonly status5xx: number;
  readonly status499: number;
}

/** Writes the history, puts the ledger's current release right, and gives the lease back. */
export async function closeDeployment(
  { deployment, executionArn }: CloseInput,
  ledger: Ledger,
): Promise<Closed> {
  const { request, lease } = deployment;
  const current = await ledger.current(request.app);
  const runs = await ledger.runs(lease.deploymentId);
  const { warnings, ...facts } = collectFacts(runs);
  const committed = current?.deploymentId === lease.deploymentId;
  const { warning, ...decision } = decideOutcome(deployment, committed, facts.migration);
  const image = deployment.plan?.image ?? deployment.image;
  const known = [warning, ...warnings].filter((one) => one !== undefined);
  const closed: Closed = {
    deploymentId: lease.deploymentId,
    app: request.app,
    ...(image && { buildVersion: image.buildVersion, digest: image.digest }),
    ...decision,
    ...facts,
    ...(known.length > 0 && { warning: oneLine(known.join('; '), 1500) }),
    lost: countLost(runs),
  };
  if (decision.outcome !== 'Succeeded') await uncommit(current, lease.deploymentId, request.app, ledger);
  await forgetCallbacks(runs, ledger);
  await recordHistory(closed, deployment, executionArn, ledger);
  await releaseLease(request.app, lease, ledger);
  return closed;
}

/** After a way back the release before is current again. */
async function uncommit(
  current: CurrentRelease | undefined,
  deploymentId: string,
  app: string,
  ledger: Ledger,
): Promise<void> {
  if (current?.deploymentId !== deploymentId) return;
  const condition = 'deploymentId = :mine';
  await ledger.putIf(appKey(app, 'current'), { ...current.previous, fence: current.fence }, condition, {
    ':mine': deploymentId,
  });
}

/** The last phase that counted each host's requests has counted them all since the switch. */
export function countLost(runs: PhaseRun[]): LostRequests {
  const counted = new Map<string, LostRequests>();
  for (const phase of ['bake', 'retire', 'revert'] as const)
    for (const run of runs.filter((item) => item.phase === phase))
      for (const [host, receipt] of Object.entries(run.receipts ?? {}))
        counted.set(host, lostOf(receipt) ?? counted.get(host)!);
  const hosts = [...counted.values()].filter(Boolean);
  const sum = (pick: (lost: LostRequests) => number) => hosts.reduce((total, lost) => total + pick(lost), 0);
  return {
    requests: sum((lost) => lost.requests),
    status5xx: sum((lost) => lost.status5xx),
    status499: sum((lost) => lost.status499),
  };
}

const lostOf = (receipt: Receipt) =>
  'facts' in receipt ? (receipt.facts as unknown as LostRequests) : undefined;

/** Nobody waits for these any more, such as a phase that timed out: the sweep need not look at them for ever. */
async function forgetCallbacks(runs: PhaseRun[], ledger: Ledger): Promise<void> {
  for (const run of runs.filter(({ open }) => open))
    await ledger.update(
      runKey(run),
      'REMOVE #open SET forgottenAt = :now',
      { ':now': Date.now(), ':token': run.taskToken },
      'taskToken = :token',
    );
}

/** An execution that lost its lease may still be closing: what the holder of a higher fence wrote stays. */
async function recordHistory(
  closed: Closed,
  { request, lease }: CloseInput['deployment'],
  executionArn: string,
  ledger: Ledger,
): Promise<void> {
  await ledger.update(
    historyKey(request.app, closed.deploymentId),
    'SET closed = :closed, outcome = :outcome, closedBy = :by, closedFence = :fence, endedAt = :now',
    {
      ':closed': closed,
      ':outcome': closed.outcome,
      ':by': executionArn,
      ':fence': lease.fence,
      ':now': Date.now(),
    },
    'attribute_not_exists(closedFence) OR closedFence <= :fence',
  );
}

async function releaseLease(
  app: string,
  lease: { deploymentId: string; fence: number },
  ledger: Ledger,
): Promise<void> {
  await ledger.update(
    appKey(app, 'lease'),
    'SET closedAt = :now REMOVE #open',
    { ':now': Date.now(), ':id': lease.deploymentId, ':fence': lease.fence },
    'deploymentId = :id AND fence = :fence',
  );
}

let ledger: Ledger | undefined;
export const handler = async (input: CloseInput) => closeDeployment(input, (ledger ??= new Ledger()));
