import type { Release } from '../../contracts/build-version.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import type { Ledger } from './ledger.ts';
import { deploymentsOf } from './release-history.ts';

/** How far back anybody remembers what a tag meant. */
const mostDeployments = 200;

/**
 * Whoever deploys an older tag by hand expects the release that it was: a sentence when the tag means another digest than it did when
 * it last went live. `latest` is meant to move.
 */
export async function describeMovedTag(
  { app, trigger, rollback }: DeploymentRequest,
  { buildVersion, digest }: Release,
  ledger: Ledger,
): Promise<string | undefined> {
  if (trigger !== 'manual' || rollback || buildVersion === 'latest') return undefined;
  let seen = 0;
  for await (const { deploymentId, outcome, closed } of deploymentsOf(app, ledger)) {
    if ((seen += 1) > mostDeployments) break;
    if (outcome !== 'Succeeded' || closed?.buildVersion !== buildVersion) continue;
    if (closed.digest === digest) return undefined;
    return `${buildVersion} means ${digest} now, and was ${closed.digest} when ${deploymentId} brought it`;
  }
  return undefined;
}
