import type { Finding } from '../../contracts/finding.ts';
import type { CurrentRelease } from './ledger.ts';
import type { HistoryEntry } from './release-history.ts';

/** How the newest deployment, which nobody works on any more, contradicts what the ledger calls current; undefined if it agrees. */
export function findContradiction(
  last: HistoryEntry | undefined,
  current: Partial<CurrentRelease>,
): Finding | undefined {
  const says = last && contradiction(last, current);
  return says ? { finding: 'history-contradicts', says } : undefined;
}

function contradiction({ deploymentId, outcome, closed }: HistoryEntry, current: Partial<CurrentRelease>) {
  if (outcome === 'Running') return `${deploymentId} is Running by its history, and has no lease`;
  const isCurrent = `${current.deploymentId} (${current.digest}) is current`;
  if (outcome === 'Succeeded')
    return closed?.digest === current.digest
      ? undefined
      : `${deploymentId} Succeeded with ${closed?.digest}, and ${isCurrent}`;
  return deploymentId === current.deploymentId
    ? `${deploymentId} is ${outcome}, and yet ${isCurrent}`
    : undefined;
}
