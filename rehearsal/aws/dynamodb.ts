import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import dynalite from 'dynalite';
import type { DeployedResource, DeployedStack } from '../assembly-types.ts';
import { exchange } from './dynamodb-exchange.ts';
import { dynamoDbPermissions, tableName } from './dynamodb-permissions.ts';
import { AwsError, refuse, type WireService } from './service.ts';

type Input = Record<string, unknown>;

/** Item actions, and looking at a table; the stack makes the tables. */
const actions = [
  'GetItem',
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'Query',
  'Scan',
  'BatchGetItem',
  'BatchWriteItem',
  'DescribeTable',
];

/** DynamoDB by dynalite, in this process and in memory, with the stack's tables. */
export async function createDynamoDb(stack: DeployedStack): Promise<WireService> {
  const server = dynalite({ createTableMs: 0 });
  for (const resource of stack.resources)
    if (resource.type === 'AWS::DynamoDB::Table' || resource.type === 'AWS::DynamoDB::GlobalTable')
      await createTable(server, resource);
  return {
    name: 'dynamodb',
    handle: (action, input) => perform(server, action, input, stack),
    permissions: (action, input) => dynamoDbPermissions(action, input, stack),
  };
}

async function createTable(server: Server, { ref, logicalId, properties }: DeployedResource): Promise<void> {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes } = properties;
  const { status, body } = await exchange(server, 'CreateTable', {
    TableName: ref,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema,
    AttributeDefinitions,
    ...(GlobalSecondaryIndexes !== undefined && { GlobalSecondaryIndexes: onDemand(GlobalSecondaryIndexes) }),
    ...(LocalSecondaryIndexes !== undefined && { LocalSecondaryIndexes }),
  });
  if (status !== 200) throw new Error(`${logicalId}: dynalite refused the table: ${JSON.stringify(body)}`);
  await untilActive(server, ref);
}

const onDemand = (indexes: unknown) =>
  (indexes as Input[]).map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection }));

async function untilActive(server: Server, table: string): Promise<void> {
  for (;;) {
    const { body } = await exchange(server, 'DescribeTable', { TableName: table });
    if ((body.Table as Input | undefined)?.TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function perform(server: Server, action: string, input: Input, stack: DeployedStack): Promise<unknown> {
  if (!actions.includes(action)) refuse('dynamodb', action);
  refuseIgnored(action, input);
  const { status, body } = await exchange(server, action, { ...input, TableName: nameOf(input.TableName) });
  if (status === 200) return action === 'DescribeTable' ? withOwnArns(body, stack) : body;
  const code = String(body.__type ?? 'InternalServerError').replace(/^.*#/, '');
  throw new AwsError(code, String(body.message ?? body.Message ?? ''), status);
}

const require = createRequire(import.meta.url);

/** dynalite drops what it does not know without a word, such as ReturnValuesOnConditionCheckFailure. */
function refuseIgnored(action: string, input: Input): void {
  const file = `dynalite/validations/${action[0]?.toLowerCase()}${action.slice(1)}.js`;
  const { types } = require(file) as { types: Record<string, unknown> };
  const ignored = Object.keys(input).filter((name) => !(name in types));
  if (ignored.length > 0)
    throw new AwsError(
      'RehearsalNotSupported',
      `dynalite's ${action} does not know ${ignored.join(', ')}`,
      501,
    );
}

const nameOf = (given: unknown) => (typeof given === 'string' ? tableName(given) : given);

/** dynalite takes account and region from the environment; a table's ARN is the stack's. */
const withOwnArns = (body: Input, { region, account }: DeployedStack): unknown =>
  JSON.parse(
    JSON.stringify(body).replace(
      /arn:aws:dynamodb:[a-z0-9-]+:\d+:/g,
      `arn:aws:dynamodb:${region}:${account}:`,
    ),
  );
