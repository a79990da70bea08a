import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { AwsError, type WireService } from '../aws/service.ts';
import { person } from '../aws/wire-credentials.ts';
import { marshalAll, unmarshalAll } from './attribute-values.ts';

type Values = Record<string, unknown>;
type Item = Parameters<typeof unmarshalAll>[0];

const actions: Readonly<Record<string, string>> = {
  GetCommand: 'GetItem',
  PutCommand: 'PutItem',
  UpdateCommand: 'UpdateItem',
  QueryCommand: 'Query',
};
const written = ['Key', 'Item', 'ExpressionAttributeValues', 'ExclusiveStartKey'];

/**
 * The document client as the ledger uses it. Half of a schedule's time would go into the SDK's own reading and writing of requests,
 * which the tests of the Lambdas exercise.
 */
export function inProcessDocuments(service: WireService): DynamoDBDocumentClient {
  const send = async ({ constructor, input }: { constructor: { name: string }; input: Values }) => {
    const action = actions[constructor.name];
    if (!action) throw new Error(`the simulation's document client does not know ${constructor.name}`);
    return read((await perform(service, action, write(input))) as Values);
  };
  return { send } as unknown as DynamoDBDocumentClient;
}

async function perform(service: WireService, action: string, input: Values): Promise<unknown> {
  try {
    return await service.handle(action, input, { principal: person });
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') throw error;
    throw new ConditionalCheckFailedException({ message: error.message, $metadata: {} });
  }
}

const write = (input: Values): Values =>
  Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, written.includes(name) ? marshalAll(value as object) : value]],
    ),
  );

function read({ Item, Items, LastEvaluatedKey }: Values): Values {
  return {
    ...(Item !== undefined && { Item: unmarshalAll(Item as Item) }),
    ...(Items !== undefined && { Items: (Items as Item[]).map(unmarshalAll) }),
    ...(LastEvaluatedKey !== undefined && { LastEvaluatedKey: unmarshalAll(LastEvaluatedKey as Item) }),
  };
}
