import type { Receipt } from '../../contracts/receipt.ts';
import type { PhaseRun } from './ledger.ts';

/** Nginx's own count while traffic was watched, over all hosts. */
export interface LostRequests {
  readonly requests: number;
  readonly status5xx: number;
  readonly status499: number;
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
