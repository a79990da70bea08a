import { appKey, type CurrentRelease, type Lease, type Ledger } from './ledger.ts';
import { lastRelease, type HistoryEntry } from './release-history.ts';

/** What the ledger says of an app right now. */
export interface AppState {
  readonly lease: Lease | undefined;
  /** Without a digest while no release is: none has gone live, or all of it was taken back. */
  readonly current: Partial<CurrentRelease>;
  /** The newest request that was let in; it may be waiting for the lease. */
  readonly newest: { readonly requestOrder: string; readonly executionArn: string } | undefined;
  /** The newest deployment that was one of a release, and no catch-up. */
  readonly last: HistoryEntry | undefined;
}

export async function readState(app: string, ledger: Ledger): Promise<AppState> {
  const [lease, current, newest, last] = await Promise.all([
    ledger.lease(app),
    ledger.current(app),
    ledger.get<AppState['newest'] & object>(appKey(app, 'newest')),
    lastRelease(app, ledger),
  ]);
  return { lease, current: current ?? {}, newest, last };
}

/** Longer than a request waits for the lease: the graph gives up after 3,600 times 8 s. */
const waitingMs = 24 * 3_600_000;

/** Why no image of the app may go now: a deployment may need one that nobody has written down yet, such as what a tag means. */
export function busyWith({ lease, newest, last }: AppState, now: number): string | undefined {
  if (lease?.open) return `${lease.deploymentId} is not closed`;
  if (!newest || newest.executionArn === last?.executionArn) return undefined;
  const waits = now - Date.parse(newest.requestOrder.split(' ')[0]!) < waitingMs;
  return waits ? `${newest.executionArn} may be waiting for the lease` : undefined;
}

/** Whether anything has begun, ended or been let in between. */
export const isSame = (one: AppState, other: AppState) =>
  one.lease?.fence === other.lease?.fence &&
  one.lease?.open === other.lease?.open &&
  one.current.digest === other.current.digest &&
  one.newest?.executionArn === other.newest?.executionArn;
