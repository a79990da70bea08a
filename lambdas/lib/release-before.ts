import type { Release } from '../../contracts/build-version.ts';
import { Failure } from '../../contracts/failure.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import type { Ledger } from './ledger.ts';
import { deploymentsOf, type HistoryEntry } from './release-history.ts';

/** A rollback's request, with the release it means. Throws no-release-before, and writes down that it was refused. */
export async function withReleaseBefore(
  request: DeploymentRequest,
  ledger: Ledger,
): Promise<DeploymentRequest> {
  const current = (await ledger.current(request.app))?.digest;
  const before = current && (await releaseBefore(current, deploymentsOf(request.app, ledger)));
  if (before) return { ...request, ...before };
  const failure = new Failure(
    'no-release-before',
    `${request.app} has no release before the current one: deploy a tag with {"app": "${request.app}", "buildVersion": "..."}`,
  );
  await ledger.recordRefused(request, failure);
  throw failure;
}

/**
 * The release that was live before this one. The same release again, such as for a changed parameter, is no other one; and what was
 * gone back from stays behind: a second rollback goes back further, never forward. A catch-up made nothing live.
 */
export async function releaseBefore(
  digest: string,
  history: AsyncIterable<HistoryEntry>,
): Promise<Release | undefined> {
  let reached = false;
  for await (const { outcome, request, closed } of history) {
    if (outcome !== 'Succeeded' || request.catchUp || !closed?.digest) continue;
    if (closed.digest === digest) reached ||= !request.rollback;
    else if (reached) return { buildVersion: closed.buildVersion!, digest: closed.digest };
  }
  return undefined;
}
