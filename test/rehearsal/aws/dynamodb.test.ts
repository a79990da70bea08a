import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
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
  Pusher: role(
    allow(
      ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:BatchGetItem'],
      { 'Fn::GetAtt': ['Ledger', 'Arn'] },
      {
        'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['app#web'] },
      },
    ),
  ),
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

  describe('knows whose partition is asked for:', () => {
    const pusher = () => as(resource(stack, 'Pusher').arn);
    const query = (pk: string, rest: object = {}) =>
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ...rest,
      });
    const newest = (pk: string) =>
      query(pk, {
        KeyConditionExpression: '(#p = :pk) AND begins_with(sk, :kind)',
        ExpressionAttributeNames: { '#p': 'pk', '#r': 'request', '#v': 'buildVersion' },
        ExpressionAttributeValues: { ':pk': pk, ':kind': 'deployment#', ':v': 'v1' },
        FilterExpression: '#r.#v = :v',
        ProjectionExpression: 'sk, #r',
        ScanIndexForward: false,
        Limit: 5,
      });
    const itself = (pk: string) =>
      query(pk, {
        KeyConditionExpression: 'sk = :sk AND pk = :pk',
        ExpressionAttributeValues: { ':pk': pk, ':sk': 'lease' },
      });
    const batch = (...partitions: string[]) =>
      new BatchGetCommand({
        RequestItems: { [TableName]: { Keys: partitions.map((pk, index) => ({ pk, sk: `${index}` })) } },
      });

    it.each<[string, (pk: string) => Promise<unknown>]>([
      ['of an item', (pk) => pusher().send(new GetCommand({ TableName, Key: { pk, sk: 'current' } }))],
      ['to write an item', (pk) => pusher().send(new PutCommand({ TableName, Item: { pk, sk: 'x' } }))],
      ['of a query', (pk) => pusher().send(query(pk))],
      ['of a query with names, a filter and an order', (pk) => pusher().send(newest(pk))],
      ['of a query that names its item too', (pk) => pusher().send(itself(pk))],
      ['of several items', (pk) => pusher().send(batch('app#web', pk))],
    ])('%s', async (_what, ask) => {
      await expect(ask('app#web')).resolves.toBeDefined();
      for (const other of ['app#api', 'app#web2', 'run'])
        await expect(ask(other)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    });

    it('one that it cannot read is nobody’s', async () => {
      const turned = pusher().send(query('app#api', { KeyConditionExpression: ':pk = pk' }));
      await expect(turned).rejects.toMatchObject({ name: 'AccessDeniedException' });
    });
  });

  it('finds the newest first, of those that match', async () => {
    for (const [sk, buildVersion] of [
      ['deployment#1', 'v1'],
      ['deployment#2', 'v2'],
      ['deployment#3', 'v1'],
    ])
      await client.send(
        new PutCommand({ TableName, Item: { pk: 'app#web', sk, request: { buildVersion } } }),
      );
    const { Items } = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND sk > :after',
        ExpressionAttributeNames: { '#r': 'request', '#v': 'buildVersion' },
        ExpressionAttributeValues: { ':pk': 'app#web', ':after': 'deployment#', ':v': 'v1' },
        FilterExpression: '#r.#v = :v',
        ProjectionExpression: 'sk, #r.#v',
        ScanIndexForward: false,
      }),
    );
    expect(Items).toEqual([
      { sk: 'deployment#3', request: { buildVersion: 'v1' } },
      { sk: 'deployment#1', request: { buildVersion: 'v1' } },
    ]);
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
