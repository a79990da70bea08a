import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireImages, type Expired } from '../../../lambdas/expire-images.ts';
import { Ledger } from '../../../lambdas/lib/ledger.ts';
import { variants } from '../../../rehearsal/images/variants.ts';
import { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import { describeDeployment } from '../../../rehearsal/report/describe-deployment.ts';
import { createSimulatedStage } from '../../../rehearsal/stage/simulated-stage.ts';

const day = 86_400_000;

describe('Images expire on a simulated host', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({
      configFile: 'test/rehearsal/scenario/instant.config.ts',
      makeStage: (tags, app) => createSimulatedStage({ tags, app: app.name }),
    });
    for (const version of ['v1', 'v2', 'v3', 'v4', 'v5'])
      expect(await rehearsal.push(variants.healthy(version))).toMatchObject({ status: 'SUCCEEDED' });
  });
  afterAll(() => rehearsal?.close());

  const resource = (type: string) =>
    rehearsal.deployer.stack.resources.find(
      (one) => one.type === type && one.logicalId.startsWith('RetentionExpireImages'),
    )!;
  const expire = async (now: number) => {
    const { stack, credentials, endpointUrl: endpoint } = rehearsal.deployer;
    const role = resource('AWS::IAM::Role').arn;
    const settings = { endpoint, region: stack.region, credentials: credentials.credentialsFor(role) };
    const table = stack.resources.find(({ type }) => type === 'AWS::DynamoDB::Table')!.ref;
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient(settings));
    const clients = {
      ecr: new ECRClient(settings),
      ec2: new EC2Client(settings),
      ledger: new Ledger(documents, table),
    };
    return (await expireImages([rehearsal.app], { dryRun: false, now }, clients))[0]!;
  };
  const deploy = async (buildVersion: string) => {
    const walked = await rehearsal.execute({ app: 'shop', buildVersion });
    return describeDeployment(rehearsal, buildVersion, walked);
  };

  it('not as long as they are young: the function itself says so, asked what would go', async () => {
    const { payload, functionError } = await rehearsal.deployer.lambda.invoke(
      resource('AWS::Lambda::Function').ref,
      '{"dryRun": true}',
    );
    expect(functionError).toBeUndefined();
    const [answer] = JSON.parse(payload) as Expired[];
    expect(answer).toEqual({
      app: 'shop',
      dryRun: true,
      kept: { current: 2, young: 3 },
      deleted: [],
      errors: [],
    });
  });

  it('later, but for the release that is live and the one before it', async () => {
    const { deleted, errors } = await expire(Date.now() + 2 * day);
    expect(errors).toEqual([]);
    expect(deleted.flatMap(({ tags }) => tags).toSorted()).toEqual(['v1', 'v2', 'v3']);
  });

  it('so that a person can still go back to the release before', async () => {
    expect(await deploy('v4')).toMatchObject({ outcome: 'Succeeded', servingAfterwards: 'v4' });
  });

  it('and is told that an older one is gone, before any host is touched', async () => {
    const refused = await deploy('v1');
    expect(refused).toMatchObject({ outcome: 'Failed', failureId: 'image-not-found', commandsSent: 0 });
    expect(refused.servingAfterwards).toBe('v4');
  });
});
