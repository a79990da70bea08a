import { QueryCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Outcome } from '../../contracts/outcome.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { documentClient, environment } from './clients.ts';

/** What the ledger remembers of a deployment. */
export interface HistoryEntry {
  readonly deploymentId: string;
  readonly outcome: Outcome | 'Running';
  /** Epoch milliseconds at which it took the lease; grows with each deployment of the app. */
  readonly since: number;
  readonly request: DeploymentRequest;
  readonly closed?: { readonly digest?: string };
}

type Range = { readonly from: string; readonly to: string };

/** An app's deployments and refused requests, page by page: whoever has seen enough reads no further. */
export class ReleaseHistory {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient = documentClient(), table = environment('LEDGER_TABLE')) {
    this.#client = client;
    this.#table = table;
  }

  /** The newest first. */
  deployments = (app: string) => this.#items<HistoryEntry>(app, { from: 'deployment#', to: 'deployment$' });

  /** Requests of which no deployment came: superseded and refused ones, by the time of their push. */
  requestsSince = (app: string, time: number) =>
    this.#items<Pick<HistoryEntry, 'request'>>(app, {
      from: `request#${new Date(time).toISOString()}`,
      to: 'request$',
    });

  async *#items<T>(app: string, { from, to }: Range): AsyncGenerator<T> {
    let next: Record<string, unknown> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': `app#${app}`, ':from': from, ':to': to },
          ScanIndexForward: false,
          ConsistentRead: true,
          ExclusiveStartKey: next,
        }),
      );
      yield* (page.Items ?? []) as T[];
      next = page.LastEvaluatedKey;
    } while (next);
  }
}
