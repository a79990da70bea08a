import type { Outcome } from '../../contracts/outcome.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import type { Ledger } from './ledger.ts';

/** What the ledger remembers of a deployment. */
export interface HistoryEntry {
  readonly deploymentId: string;
  readonly outcome: Outcome | 'Running';
  /** Epoch milliseconds at which it took the lease; grows with each deployment of the app. */
  readonly since: number;
  readonly request: DeploymentRequest;
  readonly closed?: { readonly buildVersion?: string; readonly digest?: string };
}

/** An app's deployments, the newest first. */
export const deploymentsOf = (app: string, ledger: Ledger) =>
  ledger.newestFirst<HistoryEntry>(app, 'deployment#', 'deployment$');

/** Requests of which no deployment came: superseded and refused ones, by the time of their push. */
export const requestsSince = (app: string, time: number, ledger: Ledger) =>
  ledger.newestFirst<Pick<HistoryEntry, 'request'>>(
    app,
    `request#${new Date(time).toISOString()}`,
    'request$',
  );
