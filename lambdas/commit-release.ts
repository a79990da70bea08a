import { Failure } from '../contracts/failure.ts';
import type { DeploymentPlan } from '../contracts/plan.ts';
import { appKey, Ledger, type CurrentRelease } from './lib/ledger.ts';

/** From here on the ledger says that this release is current; whatever comes, hosts are brought forward to it. */
export async function commitRelease(plan: DeploymentPlan, ledger: Ledger): Promise<CurrentRelease> {
  const { deploymentId, fence, image } = plan;
  const before = await ledger.current(plan.app.name);
  if (before?.deploymentId === deploymentId) return before;
  const current: CurrentRelease = {
    deploymentId,
    fence,
    buildVersion: image.buildVersion,
    digest: image.digest,
    ...(before?.deploymentId && {
      previous: {
        deploymentId: before.deploymentId,
        buildVersion: before.buildVersion,
        digest: before.digest,
      },
    }),
  };
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

let ledger: Ledger | undefined;
export const handler = async ({ plan }: { plan: DeploymentPlan }) =>
  commitRelease(plan, (ledger ??= new Ledger()));
