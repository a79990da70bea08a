import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDb } from '../../../rehearsal/aws/dynamodb.ts';
import { startEndpoint, type TestEndpoint } from '../../support/aws-endpoint.ts';
import { allow, resource, role, smallStack } from '../../support/small-stack.ts';

const attribute = (AttributeName: string, AttributeType: string) => ({ AttributeName, AttributeType });
const stack = smallStack({
  Ledger: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        attribute('pk', 'S'),
        attribute('sk', 'S'),
        attribute('open', 'S'),
        attribute('since', 'N'),
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'open-index',
          KeySchema: [
            { AttributeName: 'open', KeyType: 'HASH' },
            { AttributeName: 'since', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    },
  },
  Reader: role(allow('dynamodb:GetItem', { 'Fn::GetAtt': ['Ledger', 'Arn'] })),
  Sweeper: role(allow('dynamodb:Query', { 'Fn::Sub': '${Ledger.Arn}/index/open-index' })),
});
const TableName = resource(stack, 'Ledger').ref;

let endpoint: TestEndpoint;
let client: DynamoDBDocumentClient;
const as = (principal?: string) => DynamoDBDocumentClient.from(new DynamoDBClient(endpoint.as(principal)));
const openLeases = {
  TableName,
  IndexName: 'open-index',
  KeyConditionExpression: '#open = :open',
  ExpressionAttributeNames: { '#open': 'open' },
  ExpressionAttributeValues: { ':open': 'open' },
};

beforeAll(async () => {
  endpoint = await startEndpoint(stack, [await createDynamoDb(stack)]);
  client = as();
});
afterAll(() => endpoint.close());

it('keeps what was put', async () => {
  await client.send(new PutCommand({ TableName, Item: { pk: 'a', sk: '1', deep: { list: [1, 'two'] } } }));
  const { Item } = await client.send(
    new GetCommand({ TableName, Key: { pk: 'a', sk: '1' }, ConsistentRead: true }),
  );
  expect(Item).toEqual({ pk: 'a', sk: '1', deep: { list: [1, 'two'] } });
});

it('refuses a write whose condition does not hold, and one of two at once', async () => {
  const take = (owner: string) =>
    client.send(
      new PutCommand({
        TableName,
        Item: { pk: 'lease', sk: '1', owner },
        ConditionExpression: 'attribute_not_exists(pk)',
      }),
    );
  const results = await Promise.allSettled(['one', 'two', 'three'].map(take));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  await expect(take('four')).rejects.toBeInstanceOf(ConditionalCheckFailedException);
});

it('updates sets and finds open items by the sparse index', async () => {
  const Key = { pk: 'run', sk: '1' };
  await client.send(new PutCommand({ TableName, Item: { ...Key, open: 'open', since: 5 } }));
  await client.send(
    new UpdateCommand({
      TableName,
      Key,
      UpdateExpression: 'ADD commandIds :id',
      ExpressionAttributeValues: { ':id': new Set(['c1']) },
    }),
  );
  const { Items } = await client.send(new QueryCommand(openLeases));
  expect(Items).toEqual([{ ...Key, open: 'open', since: 5, commandIds: new Set(['c1']) }]);
  const close = {
    TableName,
    Key,
    UpdateExpression: 'REMOVE #open',
    ExpressionAttributeNames: { '#open': 'open' },
  };
  await client.send(new UpdateCommand(close));
  expect((await client.send(new QueryCommand(openLeases))).Items).toEqual([]);
});

describe('IAM', () => {
  it('takes the table and its index for two resources', async () => {
    const sweeper = as(resource(stack, 'Sweeper').arn);
    await expect(sweeper.send(new QueryCommand(openLeases))).resolves.toBeDefined();
    const query = new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': 'a' },
    });
    await expect(sweeper.send(query)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('does not let a reader write', async () => {
    const put = as(resource(stack, 'Reader').arn).send(
      new PutCommand({ TableName, Item: { pk: 'x', sk: 'x' } }),
    );
    await expect(put).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('dynamodb:PutItem'),
    });
  });
});

it('refuses what dynalite would ignore', async () => {
  const put = client.send(
    new PutCommand({ TableName, Item: { pk: 'a', sk: '2' }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
  );
  await expect(put).rejects.toMatchObject({ name: 'RehearsalNotSupported' });
});
