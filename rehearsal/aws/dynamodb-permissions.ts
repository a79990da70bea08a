import type { DeployedStack } from '../assembly-types.ts';
import type { PermissionCheck } from './service.ts';

type Input = Record<string, unknown>;
type Context = PermissionCheck['context'];

/**
 * What IAM checks for a DynamoDB action. A query of an index is checked against the index alone. Source: Service Authorization
 * Reference, "Amazon DynamoDB".
 */
export function dynamoDbPermissions(action: string, input: Input, stack: DeployedStack): PermissionCheck[] {
  const { region, account } = stack;
  const check = (table: unknown, index: string, context: Context) => ({
    action: `dynamodb:${action}`,
    resource: `arn:aws:dynamodb:${region}:${account}:table/${tableName(table)}${index && `/index/${index}`}`,
    ...(context && { context }),
  });
  if (action.startsWith('Batch'))
    return Object.entries((input.RequestItems ?? {}) as Input).map(([table, requests]) =>
      check(table, '', leading(keysOfBatch(requests), partitionKey(stack, table, ''))),
    );
  const index = typeof input.IndexName === 'string' ? input.IndexName : '';
  const partition = partitionKey(stack, input.TableName, index);
  return [check(input.TableName, index, contextOf(action, input, partition))];
}

export const tableName = (nameOrArn: unknown) => String(nameOrArn).replace(/^arn:[^/]+:table\//, '');

/** Partitions that the request names: `dynamodb:LeadingKeys`. What names none, such as Scan, has no such key. */
function contextOf(action: string, input: Input, partition: string): Context {
  if (action === 'Query') return { 'dynamodb:LeadingKeys': queried(input, partition) };
  const item = (input.Key ?? input.Item) as Input | undefined;
  return item && leading([item], partition);
}

const leading = (items: readonly Input[], partition: string): Context => ({
  'dynamodb:LeadingKeys': items.map((item) => plain(item[partition])),
});

/**
 * `pk = :pk`, with names and values as the request gives them. A condition that is not understood names the empty partition, which no
 * policy allows, since none at all would be allowed by ForAllValues.
 */
function queried(input: Input, partition: string): string[] {
  const { KeyConditionExpression: expression = '', ExpressionAttributeNames: names = {} } = input as {
    KeyConditionExpression?: string;
    ExpressionAttributeNames?: Record<string, string>;
  };
  const values = (input.ExpressionAttributeValues ?? {}) as Input;
  const found = [...expression.matchAll(/([#\w.-]+)\s*=\s*(:\w+)/g)]
    .filter(([, name = '']) => (names[name] ?? name) === partition)
    .map(([, , value = '']) => plain(values[value]));
  return found.length > 0 ? found : [''];
}

/** `{S: 'app#web'}` as text. */
const plain = (value: unknown) => String(Object.values((value ?? { S: '' }) as Record<string, unknown>)[0]);

function keysOfBatch(requests: unknown): Input[] {
  if (!Array.isArray(requests)) return ((requests as Input).Keys ?? []) as Input[];
  return (requests as Record<string, Input>[])
    .flatMap(Object.values)
    .map(({ Item, Key }) => (Item ?? Key) as Input);
}

interface KeyHolder {
  readonly IndexName?: string;
  readonly KeySchema?: readonly { readonly AttributeName: string; readonly KeyType: string }[];
}

/** Name of the attribute by which a table, or an index of it, is divided. */
function partitionKey({ resources }: DeployedStack, table: unknown, index: string): string {
  const found = resources.find(
    ({ type, ref }) => type.startsWith('AWS::DynamoDB::') && ref === tableName(table),
  );
  const {
    GlobalSecondaryIndexes = [],
    LocalSecondaryIndexes = [],
    ...own
  } = (found?.properties ?? {}) as KeyHolder & {
    readonly GlobalSecondaryIndexes?: readonly KeyHolder[];
    readonly LocalSecondaryIndexes?: readonly KeyHolder[];
  };
  const holder = index
    ? [...GlobalSecondaryIndexes, ...LocalSecondaryIndexes].find(({ IndexName }) => IndexName === index)
    : own;
  return holder?.KeySchema?.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';
}
