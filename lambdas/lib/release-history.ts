import type { Outcome } from '../../contracts/outcome.ts';
import type { DatabaseFacts } from '../../contracts/phases/resolve-database.ts';
import type { MigrationFacts } from '../../contracts/phases/run-migrations.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import type { Ledger } from './ledger.ts';

/** What the ledger remembers of a deployment. */
export interface HistoryEntry {
  readonly deploymentId: string;
  /** Of the execution that began it; a closing may have ended it. */
  readonly executionArn: string;
  readonly outcome: Outcome | 'Running';
  /** Epoch milliseconds at which it took the lease; grows with each deployment of the app. */
  readonly since: number;
  readonly request: DeploymentRequest;
  readonly closed?: {
    readonly buildVersion?: string;
    readonly digest?: string;
    readonly database?: DatabaseFacts;
    readonly migration?: MigrationFacts;
  };
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

/** The newest deployment of a release to all hosts; a catch-up is none. */
export async function lastRelease(app: string, ledger: Ledger): Promise<HistoryEntry | undefined> {
  for await (const entry of deploymentsOf(app, ledger)) if (!entry.request.catchUp) return entry;
  return undefined;
}
