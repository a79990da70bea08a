import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { Release } from '../../contracts/build-version.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import type { DeploymentPlan } from '../../contracts/plan.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { documentClient, environment } from './clients.ts';

/** Who may deploy an app. Items with `open` are in the open-index, where the sweep looks. */
export interface Lease {
  readonly app: string;
  readonly fence: number;
  readonly executionArn: string;
  readonly deploymentId: string;
  /** Present while the deployment is not closed. */
  readonly open?: 'open';
  /** Which attempt to close it is the latest; the first, where nothing is said. */
  readonly closings?: number;
  /** Epoch milliseconds. */
  readonly since: number;
}

export interface CurrentRelease extends Release {
  readonly deploymentId: string;
  readonly fence: number;
  readonly previous?: Release & { readonly deploymentId: string };
  /** The catch-up that brought hosts to it last. */
  readonly caughtUpBy?: string;
}

/** Whether what a deployment brought is what the ledger says: from then on closing it means going forward. */
export const isCommitted = (current: CurrentRelease | undefined, deploymentId: string): boolean =>
  current?.deploymentId === deploymentId || current?.caughtUpBy === deploymentId;

/** A phase sent to a wave: the callback while it is open, the receipts afterwards. */
export interface PhaseRun {
  readonly deploymentId: string;
  readonly phase: PhaseName;
  readonly wave: number;
  /** Of the lease it was sent under. */
  readonly fence: number;
  readonly hosts: readonly string[];
  /** Those of the hosts that SSM would not send to. */
  readonly unreachable?: readonly string[];
  readonly taskToken: string;
  /** What the script may take, in seconds. */
  readonly executionSeconds?: number;
  readonly commandIds?: Set<string>;
  /** Of bake: the CloudWatch alarms that it heeds. */
  readonly alarms?: readonly string[];
  readonly open?: 'open';
  readonly since: number;
  readonly receipts?: Readonly<Record<string, Receipt>>;
  /** Epoch milliseconds at which its task was answered. */
  readonly settledAt?: number;
}

/** `<deploymentId>.<phase>.<wave>`: the Comment of the command, at most 100 characters. */
export const runIdOf = (run: Pick<PhaseRun, 'deploymentId' | 'phase' | 'wave'>) =>
  `${run.deploymentId}.${run.phase}.${run.wave}`;

/** The other way round; undefined for a comment that is not ours. */
export function parseRunId(comment: string): Pick<PhaseRun, 'deploymentId' | 'phase' | 'wave'> | undefined {
  const match = /^([a-z][a-z0-9-]*-[0-9]+)\.([a-z-]+)\.([0-9]+)$/.exec(comment);
  if (!match) return undefined;
  return { deploymentId: match[1]!, phase: match[2] as PhaseName, wave: Number(match[3]) };
}

export const appKey = (app: string, sk: string) => ({ pk: `app#${app}`, sk });
export const deploymentKey = (deploymentId: string, sk: string) => ({ pk: `deployment#${deploymentId}`, sk });
export const runKey = (run: Pick<PhaseRun, 'deploymentId' | 'phase' | 'wave'>) =>
  deploymentKey(run.deploymentId, `run#${run.phase}#${run.wave}`);
/** History sorts by fence within an app. */
export const historyKey = (app: string, deploymentId: string) =>
  appKey(app, `deployment#${deploymentId.slice(deploymentId.lastIndexOf('-') + 1).padStart(9, '0')}`);

type Key = { pk: string; sk: string };
type Values = Record<string, unknown>;
type Query = Pick<QueryCommandInput, 'KeyConditionExpression' | 'IndexName' | 'ScanIndexForward' | 'Limit'>;

/** The DynamoDB table: leases, current releases, history, callbacks. Every write that could race is conditional. */
export class Ledger {
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;

  constructor(client: DynamoDBDocumentClient = documentClient(), table = environment('LEDGER_TABLE')) {
    this.#client = client;
    this.#table = table;
  }

  async get<T>(key: Key): Promise<T | undefined> {
    const { Item } = await this.#client.send(
      new GetCommand({ TableName: this.#table, Key: key, ConsistentRead: true }),
    );
    return Item as T | undefined;
  }

  async put(key: Key, values: Values): Promise<void> {
    await this.#client.send(new PutCommand({ TableName: this.#table, Item: { ...values, ...key } }));
  }

  /** False when the condition did not hold. */
  async putIf(key: Key, values: Values, condition: string, conditionValues: Values): Promise<boolean> {
    return this.#conditional(
      new PutCommand({
        TableName: this.#table,
        Item: { ...values, ...key },
        ConditionExpression: condition,
        ExpressionAttributeValues: conditionValues,
      }),
    );
  }

  /** `expression` as DynamoDB writes it, such as `SET closedAt = :now REMOVE #open`. */
  async update(key: Key, expression: string, values: Values, condition?: string): Promise<boolean> {
    const names = { ...(/#open/.test(expression + condition) && { '#open': 'open' }) };
    return this.#conditional(
      new UpdateCommand({
        TableName: this.#table,
        Key: key,
        UpdateExpression: expression,
        ExpressionAttributeValues: values,
        ...(condition && { ConditionExpression: condition }),
        ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
      }),
    );
  }

  async #conditional(command: PutCommand | UpdateCommand): Promise<boolean> {
    try {
      await this.#client.send(command as PutCommand);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  lease = (app: string) => this.get<Lease>(appKey(app, 'lease'));
  current = (app: string) => this.get<CurrentRelease>(appKey(app, 'current'));
  plan = async (deploymentId: string) =>
    (await this.get<{ plan: DeploymentPlan }>(deploymentKey(deploymentId, 'plan')))?.plan;
  run = (id: Pick<PhaseRun, 'deploymentId' | 'phase' | 'wave'>) => this.get<PhaseRun>(runKey(id));

  /** Everything that is waiting for something: open leases and open callbacks. */
  open = () =>
    this.#query<Lease | PhaseRun>(
      { IndexName: 'open-index', KeyConditionExpression: '#open = :open' },
      { ':open': 'open' },
    );

  openLeases = async () => (await this.open()).filter((item): item is Lease => 'executionArn' in item);

  /**
   * An app's items from one sort key to another, the newest first: whoever has seen enough reads no further. Most want the newest
   * alone, each minute, and each item that is read is paid for: so pages grow from a few.
   */
  async *newestFirst<T>(app: string, from: string, to: string): AsyncGenerator<T> {
    yield* this.#pages<T>(
      { KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to', ScanIndexForward: false, Limit: 4 },
      { ':pk': `app#${app}`, ':from': from, ':to': to },
    );
  }

  /** All phase runs of a deployment, open or done. */
  runs = (deploymentId: string) =>
    this.#query<PhaseRun>(
      { KeyConditionExpression: 'pk = :pk AND begins_with(sk, :run)' },
      { ':pk': `deployment#${deploymentId}`, ':run': 'run#' },
    );

  async #query<T>(query: Query, values: Values): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this.#pages<T>(query, values)) items.push(item);
    return items;
  }

  async *#pages<T>(query: Query, values: Values): AsyncGenerator<T> {
    let from: Values | undefined;
    let limit = query.Limit;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ...query,
          Limit: limit,
          ...(query.IndexName ? { ExpressionAttributeNames: { '#open': 'open' } } : { ConsistentRead: true }),
          ExpressionAttributeValues: values,
          ExclusiveStartKey: from,
        }),
      );
      yield* (page.Items ?? []) as T[];
      from = page.LastEvaluatedKey;
      limit &&= limit * 4;
    } while (from);
  }

  /** A request that was answered without a deployment: somebody will look for it. */
  recordSuperseded = (request: DeploymentRequest, by: string) =>
    this.#recordRequest(request, { outcome: 'Superseded', by });

  /** One that nothing came of: a failure, in the words of a deployment that failed. */
  recordRefused = (request: DeploymentRequest, { name, message }: Error) =>
    this.#recordRequest(request, { outcome: 'Failed', failure: { Error: name, Cause: message } });

  #recordRequest = (request: DeploymentRequest, ending: Values) =>
    this.put(appKey(request.app, `request#${request.order}#${request.eventId}`), {
      request,
      ...ending,
      endedAt: Date.now(),
    });
}
