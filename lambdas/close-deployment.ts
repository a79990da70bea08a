import { oneLine } from '../contracts/failure.ts';
import type { Outcome } from '../contracts/outcome.ts';
import type { DeploymentPlan, ImagePlan } from '../contracts/plan.ts';
import type { DeploymentRequest } from '../contracts/request.ts';
import { decideOutcome, isLive, type WalkedGraph } from './lib/decide-outcome.ts';
import { collectFacts, type DeploymentFacts } from './lib/deployment-facts.ts';
import { nameSome } from './lib/hosts.ts';
import {
  appKey,
  historyKey,
  isCommitted,
  Ledger,
  runKey,
  type CurrentRelease,
  type PhaseRun,
} from './lib/ledger.ts';
import { countLost, type LostRequests } from './lib/lost-requests.ts';
import { describeMovedTag } from './lib/moved-tag.ts';
import { describeServing, servingOf, type Serving } from './lib/serving.ts';

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
  /** What runs where; none when there was no plan. */
  readonly serving?: Serving;
  readonly failure: { readonly Error: string; readonly Cause: string };
  /** What somebody should know of although the release is live, a sentence each, joined by semicolons. */
  readonly warning?: string;
}

/** Writes the history, puts the ledger's current release right, and gives the lease back. */
export async function closeDeployment(
  { deployment, executionArn }: CloseInput,
  ledger: Ledger,
): Promise<Closed> {
  const { request, lease } = deployment;
  const before = await ledger.current(request.app);
  const runs = await ledger.runs(lease.deploymentId);
  const { warnings, ...facts } = collectFacts(runs);
  const committed = isCommitted(before, lease.deploymentId);
  const live = isLive(deployment, committed);
  const current = live ? before : await uncommit(before, lease.deploymentId, request.app, ledger);
  const plan = isPlanned(deployment.plan) ? deployment.plan : undefined;
  const serving = plan && servingOf(plan, runs, live, [current ?? {}]);
  const where = serving && `${describeCurrent(current)}: ${describeServing(serving)}`;
  const { warning, ...decision } = decideOutcome(deployment, committed, {
    migration: facts.migration,
    where,
  });
  const image = deployment.plan?.image ?? deployment.image;
  const moved = image && (await describeMovedTag(request, image, ledger));
  const known = [warning, ...warnings, plan && describeLeftOut(plan), moved].filter(
    (one) => one !== undefined,
  );
  const closed: Closed = {
    deploymentId: lease.deploymentId,
    app: request.app,
    ...(image && { buildVersion: image.buildVersion, digest: image.digest }),
    ...decision,
    ...facts,
    ...(known.length > 0 && { warning: oneLine(known.join('; '), 1500) }),
    lost: countLost(runs),
    ...(serving && { serving }),
  };
  await forgetCallbacks(runs, ledger);
  await recordHistory(closed, deployment, executionArn, ledger);
  await releaseLease(request.app, lease, ledger);
  return closed;
}

type Planned = Pick<DeploymentPlan, 'waves' | 'leftOut' | 'image'>;

/** A closing of a deployment that was aborted before it had a plan has waves alone: none. */
const isPlanned = (plan: Partial<DeploymentPlan> | undefined): plan is Planned => plan?.image !== undefined;

const describeCurrent = (current: Partial<CurrentRelease> | undefined) =>
  current?.buildVersion ? `${current.buildVersion} is the current release` : 'there is no current release';

const describeLeftOut = ({ leftOut }: Planned) =>
  leftOut && `${nameSome(leftOut, 12)} did not take part: out of reach, to catch up when there again`;

/** After a way back the release before is current again, as it was all the time for hosts that were to catch up. */
async function uncommit(
  current: CurrentRelease | undefined,
  deploymentId: string,
  app: string,
  ledger: Ledger,
): Promise<Partial<CurrentRelease> | undefined> {
  if (current?.deploymentId !== deploymentId) return current;
  const before = { ...current.previous, fence: current.fence };
  await ledger.putIf(appKey(app, 'current'), before, 'deploymentId = :mine', { ':mine': deploymentId });
  return before;
}

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

/**
 * An execution that lost its lease may still be closing: what the holder of a higher fence wrote stays. A closing that is tried
 * again ended when it first said so: by now the next deployment may have begun.
 */
async function recordHistory(
  closed: Closed,
  { request, lease }: CloseInput['deployment'],
  executionArn: string,
  ledger: Ledger,
): Promise<void> {
  await ledger.update(
    historyKey(request.app, closed.deploymentId),
    'SET closed = :closed, outcome = :outcome, closedBy = :by, closedFence = :fence, endedAt = if_not_exists(endedAt, :now)',
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
