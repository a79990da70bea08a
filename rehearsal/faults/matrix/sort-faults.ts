import type { FaultSample } from '../../load/load-report.ts';
import type { Excuse } from './scene.ts';

export interface SortedFaults {
  /** Without an excuse. */
  readonly failed: readonly FaultSample[];
  /** Under way in what was killed, at that moment. */
  readonly inFlight: readonly FaultSample[];
  /** Begun while what should have answered was down. */
  readonly down: readonly FaultSample[];
  /** Epoch milliseconds at which the last of them all ended; 0 without any. */
  readonly lastAt: number;
}

/** Tells apart what clients lost by the fault itself, whatever anybody does, from what they should not have lost. */
export function sortFaults(faults: readonly FaultSample[], excuses: readonly Excuse[]): SortedFaults {
  const failed: FaultSample[] = [];
  const inFlight: FaultSample[] = [];
  const down: FaultSample[] = [];
  for (const fault of faults) {
    const begun = fault.at - fault.ms;
    const excuse = excuses.find(
      ({ from, until, kinds }) => begun <= until && fault.at >= from && (kinds?.includes(fault.kind) ?? true),
    );
    if (!excuse) failed.push(fault);
    else (begun <= excuse.from ? inFlight : down).push(fault);
  }
  return { failed, inFlight, down, lastAt: Math.max(0, ...faults.map(({ at }) => at)) };
}
