import { SFNClient } from '@aws-sdk/client-sfn';
import { Failure } from '../contracts/failure.ts';
import type { DeploymentPlan } from '../contracts/plan.ts';
import type { DeploymentRequest } from '../contracts/request.ts';
import { isRunning } from './lib/executions.ts';
import { changeHold, refuseHeld } from './lib/hold.ts';
import { withCurrentRelease } from './lib/current-release.ts';
import { withReleaseBefore } from './lib/release-before.ts';
import { appKey, historyKey, isCommitted, Ledger, type CurrentRelease, type Lease } from './lib/ledger.ts';

/** Where the graph goes on: a deployment, or the closing of one by going back or forward. */
export interface Acquired {
  readonly request: DeploymentRequest;
  readonly lease: { readonly deploymentId: string; readonly fence: number };
  readonly way: 'deploy' | 'back' | 'forward';
  readonly plan?: Pick<DeploymentPlan, 'waves'>;
}

const eventDays = 14;

export async function acquireLease(
  request: DeploymentRequest,
  ledger: Ledger,
  client: SFNClient,
): Promise<Acquired> {
  if (request.closes) return takeOver(request, request.closes, ledger, client);
  const held = await ledger.lease(request.app);
  const mine = held?.open && held.executionArn === request.executionArn;
  if (!mine) {
    await refuseDuplicate(request, ledger);
    await refuseHeld(request, ledger);
    if (request.catchUp) await giveWay(request, held, ledger);
    else await refuseOlder(request, ledger);
    if (held?.open) throw await heldBy(held, request, client);
  }
  // Read after the lease was: whoever commits another release meanwhile has moved the fence, and nothing is granted.
  const wanted = await withRelease(request, ledger);
  const lease = held?.open ? held : await grant(wanted, held, ledger);
  await recordStart(lease, wanted, ledger);
  return { request: wanted, lease: { deploymentId: lease.deploymentId, fence: lease.fence }, way: 'deploy' };
}

function withRelease(request: DeploymentRequest, ledger: Ledger): Promise<DeploymentRequest> {
  if (request.rollback) return withReleaseBefore(request, ledger);
  return request.catchUp ? withCurrentRelease(request, ledger) : Promise.resolve(request);
}

/** The same event may be delivered twice; only the first starts a deployment. */
async function refuseDuplicate(request: DeploymentRequest, ledger: Ledger): Promise<void> {
  const key = { pk: `event#${request.eventId}`, sk: 'event' };
  const { executionArn } = request;
  const ttl = Math.floor(Date.now() / 1000) + eventDays * 86_400;
  const first = await ledger.putIf(
    key,
    { executionArn, ttl },
    'attribute_not_exists(pk) OR executionArn = :mine',
    {
      ':mine': executionArn,
    },
  );
  if (!first)
    throw await superseded(request, (await ledger.get<{ executionArn: string }>(key))?.executionArn, ledger);
}

/** A late event never replaces a newer request, and a request that waited gives way to a newer one. */
async function refuseOlder(request: DeploymentRequest, ledger: Ledger): Promise<void> {
  const key = appKey(request.app, 'newest');
  const { order: requestOrder, executionArn } = request;
  const condition = 'attribute_not_exists(pk) OR requestOrder < :order OR executionArn = :mine';
  const values = { ':order': requestOrder, ':mine': executionArn };
  const newest = await ledger.putIf(key, { requestOrder, executionArn }, condition, values);
  if (!newest)
    throw await superseded(request, (await ledger.get<{ executionArn: string }>(key))?.executionArn, ledger);
}

/** A catch-up waits for nobody: what holds the lease may bring the hosts forward itself, and if not, it will be asked for again. */
async function giveWay(request: DeploymentRequest, held: Lease | undefined, ledger: Ledger): Promise<void> {
  if (held?.open) throw await superseded(request, held.executionArn, ledger);
}

async function superseded(request: DeploymentRequest, by = 'unknown', ledger: Ledger): Promise<Failure> {
  await ledger.recordSuperseded(request, by);
  return new Failure(
    'superseded',
    request.catchUp
      ? `${request.app}: ${by} is deploying; what it leaves behind catches up afterwards`
      : `${request.app} ${request.buildVersion}: ${by} is the same request or a newer one`,
  );
}

async function heldBy(
  lease: Lease,
  { executionArn }: DeploymentRequest,
  client: SFNClient,
): Promise<Failure> {
  const running = await isRunning(lease.executionArn, executionArn, client);
  const state = running ? 'is running' : 'ended without closing, and is being closed';
  return new Failure('lease-held', `${lease.deploymentId} ${state} (${lease.executionArn}): waiting for it`);
}

async function grant(request: DeploymentRequest, before: Lease | undefined, ledger: Ledger): Promise<Lease> {
  const fence = (before?.fence ?? 0) + 1;
  const lease: Lease = {
    app: request.app,
    fence,
    executionArn: request.executionArn,
    deploymentId: `${request.app}-${fence}`,
    open: 'open',
    since: Date.now(),
  };
  await writeLease(lease, before, ledger);
  return lease;
}

/** Also when the lease was taken in an attempt before this one, which may have died before it came to this. */
async function recordStart(lease: Lease, request: DeploymentRequest, ledger: Ledger): Promise<void> {
  await ledger.putIf(
    historyKey(lease.app, lease.deploymentId),
    { ...lease, open: undefined, request, outcome: 'Running' },
    'attribute_not_exists(pk) OR executionArn = :mine',
    { ':mine': request.executionArn },
  );
}

/** Whoever writes second finds the fence moved, and waits. */
async function writeLease(lease: Lease, before: Lease | undefined, ledger: Ledger): Promise<void> {
  const condition = before ? 'fence = :before' : 'attribute_not_exists(pk) OR fence = :before';
  const written = await ledger.putIf(appKey(lease.app, 'lease'), { ...lease }, condition, {
    ':before': before?.fence ?? 0,
  });
  if (!written)
    throw new Failure(
      'lease-held',
      `${lease.app}: another execution took the lease just now: waiting for it`,
    );
}

/** A closing takes the lease from an execution that no longer runs, with a higher fence, so that its late phases are refused. */
async function takeOver(
  request: DeploymentRequest,
  closes: string,
  ledger: Ledger,
  client: SFNClient,
): Promise<Acquired> {
  const held = await ledger.lease(request.app);
  if (!held?.open || held.deploymentId !== closes)
    throw new Failure('nothing-to-close', `${closes} is closed already`);
  const mine = held.executionArn === request.executionArn;
  if (!mine && (await isRunning(held.executionArn, request.executionArn, client)))
    throw await heldBy(held, request, client);
  const lease = mine
    ? held
    : { ...held, executionArn: request.executionArn, fence: held.fence + 1, since: Date.now() };
  if (!mine) await writeLease(lease, held, ledger);
  const plan = await ledger.plan(closes);
  const committed = isCommitted(await refuseLateCommit(lease, ledger), closes);
  const goesBack = !committed || (await hasBegunToGoBack(closes, plan, ledger));
  return {
    request,
    lease: { deploymentId: closes, fence: lease.fence },
    way: goesBack ? 'back' : 'forward',
    plan: plan ? ({ ...plan, fence: lease.fence } as DeploymentPlan) : { waves: [] },
  };
}

/**
 * Raises the fence of the current release and answers that release: a commit that the dead execution had under way is either
 * in it already or refused from now on, so the way chosen by it stays the right one.
 */
async function refuseLateCommit({ app, fence }: Lease, ledger: Ledger): Promise<CurrentRelease | undefined> {
  const current = await ledger.current(app);
  const condition = 'attribute_not_exists(pk) OR fence = :seen';
  const values = { ':seen': current?.fence ?? 0 };
  if (await ledger.putIf(appKey(app, 'current'), { ...current, fence }, condition, values)) return current;
  throw new Failure('lease-held', `${app}: a release was committed just now: looking again`);
}

/** A deployment may have been committed and yet go back, when the answer of the commit got lost. */
async function hasBegunToGoBack(
  deploymentId: string,
  plan: DeploymentPlan | undefined,
  ledger: Ledger,
): Promise<boolean> {
  const waves = (plan?.waves ?? []).map((_, wave) => ledger.run({ deploymentId, phase: 'revert', wave }));
  return (await Promise.all(waves)).some((run) => run !== undefined);
}

let ledger: Ledger | undefined;
let client: SFNClient | undefined;
export const handler = async ({ request }: { request: DeploymentRequest }) =>
  request.hold === undefined
    ? acquireLease(request, (ledger ??= new Ledger()), (client ??= new SFNClient({})))
    : changeHold(request, (ledger ??= new Ledger()));
