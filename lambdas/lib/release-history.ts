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

/** Deployments since a release last went to all hosts, the newest first: what these left behind may still be there. */
export async function* sinceLastSuccess(app: string, ledger: Ledger): AsyncGenerator<HistoryEntry> {
  for await (const entry of deploymentsOf(app, ledger)) {
    if (entry.outcome === 'Succeeded' && !entry.request.catchUp) return;
    yield entry;
  }
}

/** A deployment could not go back from everywhere. One that failed after it, or went back, has made no host equal to the others. */
export async function isUnequal(app: string, ledger: Ledger): Promise<boolean> {
  for await (const { outcome } of sinceLastSuccess(app, ledger)) if (outcome === 'Inconsistent') return true;
  return false;
}

/** The newest deployment of a release to all hosts; a catch-up is none. */
export async function lastRelease(app: string, ledger: Ledger): Promise<HistoryEntry | undefined> {
  for await (const entry of deploymentsOf(app, ledger)) if (!entry.request.catchUp) return entry;
  return undefined;
}
