import { Failure, type FailureId } from '../../contracts/failure.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { historyKey, type CurrentRelease, type Ledger } from './ledger.ts';
import { sinceLastSuccess, type HistoryEntry } from './release-history.ts';

/** A catch-up's request, with the release it means. Throws when there is none to catch up with, and writes that down. */
export async function withCurrentRelease(
  request: DeploymentRequest,
  ledger: Ledger,
): Promise<DeploymentRequest> {
  const { app } = request;
  const current: Partial<CurrentRelease> = (await ledger.current(app)) ?? {};
  const { deploymentId, buildVersion, digest } = current;
  if (!deploymentId || !buildVersion || !digest)
    throw await refuse(
      request,
      'no-current-release',
      `${app} has no current release that a host could catch up with: deploy one`,
      ledger,
    );
  await refuseOldSchema(request, ledger);
  const entry = await ledger.get<HistoryEntry>(historyKey(app, deploymentId));
  const database = entry?.closed?.database;
  return {
    ...request,
    buildVersion,
    digest,
    ...(database && { database: { mode: database.mode, reason: database.reason } }),
  };
}

/** Hosts that stayed on a release because it had migrated the database must not be brought back over that by themselves. */
async function refuseOldSchema(request: DeploymentRequest, ledger: Ledger): Promise<void> {
  for await (const { deploymentId, outcome, closed } of sinceLastSuccess(request.app, ledger))
    if (outcome === 'Inconsistent' && closed?.migration?.skipped === '')
      throw await refuse(
        request,
        'schema-ahead',
        `${deploymentId} migrated the database and could not go back from everywhere: deploy the release you want by hand`,
        ledger,
      );
}

async function refuse(
  request: DeploymentRequest,
  id: FailureId,
  message: string,
  ledger: Ledger,
): Promise<Failure> {
  const failure = new Failure(id, message);
  await ledger.recordRefused(request, failure);
  return failure;
}
