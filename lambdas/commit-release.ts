import { Failure } from '../contracts/failure.ts';
import type { DeploymentPlan } from '../contracts/plan.ts';
import { appKey, isCommitted, Ledger, type CurrentRelease } from './lib/ledger.ts';

/** From here on the ledger says that this release is current; whatever comes, hosts are brought forward to it. */
export async function commitRelease(plan: DeploymentPlan, ledger: Ledger): Promise<CurrentRelease> {
  const { deploymentId, fence } = plan;
  const before = await ledger.current(plan.app.name);
  if (before && isCommitted(before, deploymentId)) return before;
  const current = plan.catchUp ? { ...before!, fence, caughtUpBy: deploymentId } : releaseOf(plan, before);
  const key = appKey(plan.app.name, 'current');
  const written = await ledger.putIf(key, { ...current }, 'attribute_not_exists(pk) OR fence < :fence', {
    ':fence': fence,
  });
  if (!written)
    throw new Failure(
      'fence-stale',
      `${plan.app.name}: ${deploymentId} has lost its lease to a newer deployment or a closing: see the history`,
    );
  return current;
}

function releaseOf(
  { deploymentId, fence, image }: DeploymentPlan,
  before: CurrentRelease | undefined,
): CurrentRelease {
  const { buildVersion, digest } = image;
  return {
    deploymentId,
    fence,
    buildVersion,
    digest,
    ...(before?.deploymentId && {
      previous: {
        deploymentId: before.deploymentId,
        buildVersion: before.buildVersion,
        digest: before.digest,
      },
    }),
  };
}

let ledger: Ledger | undefined;
export const handler = async ({ plan }: { plan: DeploymentPlan }) =>
  commitRelease(plan, (ledger ??= new Ledger()));
