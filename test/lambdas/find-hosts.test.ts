import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { deliverySeconds } from '../../contracts/phase.ts';
import { phaseNames } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import { findHosts, inWaves } from '../../lambdas/find-hosts.ts';
import { AwsError } from '../../rehearsal/aws/service.ts';
import { openWire } from './support/aws-double.ts';
import { apps, samplePlan, sampleRequest } from './support/samples.ts';
import { failureOf, useWorld } from './support/setup.ts';

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `i-${String(index).padStart(8, '0')}`);

describe('waves', () => {
  test.each([
    [0, []],
    [1, [1]],
    [49, [49]],
    [50, [50]],
    [51, [50, 1]],
    [100, [50, 50]],
    [1000, Array.from({ length: 20 }, () => 50)],
  ])('of %i hosts', (count, sizes) => {
    const waves = inWaves(names(count));
    expect(waves.map(({ length }) => length)).toEqual(sizes);
    expect(waves.flat()).toEqual(names(count));
  });
});

const world = useWorld();
const lease = { deploymentId: 'web-1', fence: 1 };
const { image } = samplePlan();

beforeAll(() => {
  process.env.DOCUMENT_NAMES = JSON.stringify(
    Object.fromEntries(phaseNames.map((name) => [name, `Doc-${name}`])),
  );
  process.env.DOCKER_REPOSITORY_URL = 'https://download.docker.com';
  process.env.DOCKER_DEB_KEY_FINGERPRINT = 'A'.repeat(40);
  process.env.DOCKER_RPM_KEY_FINGERPRINT = 'B'.repeat(40);
});

let wire: Awaited<ReturnType<typeof openWire>> | undefined;
afterEach(async () => {
  await wire?.close();
  wire = undefined;
});

interface Account {
  readonly hosts?: string[];
  readonly architecture?: string;
  readonly documents?: typeof documents;
}
const documents = phaseNames.map((name, index) => ({
  Name: `Doc-${name}`,
  // CloudFormation has not made the newest version the default one.
  DocumentVersion: '1',
  DefaultVersion: '1',
  LatestVersion: String(index + 3),
  Parameters: [{ Name: 'app' }, { Name: 'fence' }],
}));

/** Plans web-1 in an account that has so many hosts, each with its volume. EC2 lists them in pages, in no order. */
async function plan(account: Account, from = { request: sampleRequest(), lease, image }) {
  const { hosts = names(1), architecture = 'x86_64', documents: stored = documents } = account;
  const shuffled = [...hosts].reverse();
  const page = ({ NextToken }: Record<string, unknown>) => {
    const start = Number(NextToken ?? 0);
    return {
      items: shuffled.slice(start, start + 30),
      ...(start + 30 < shuffled.length && { nextToken: start + 30 }),
    };
  };
  wire = await openWire({
    ec2: {
      DescribeInstances: (input) => {
        const { items, nextToken } = page(input);
        const instancesSet = items.map((instanceId) => ({
          instanceId,
          architecture,
          placement: { availabilityZone: 'eu-central-1a' },
        }));
        return { reservationSet: [{ instancesSet }], nextToken };
      },
      DescribeVolumes: () => ({
        volumeSet: shuffled.map((instanceId) => ({
          volumeId: instanceId.replace('i-', 'vol-'),
          status: 'in-use',
          attachmentSet: [{ instanceId, status: 'attached' }],
        })),
      }),
    },
    ssm: {
      DescribeInstanceInformation: ({ Filters }) => ({
        InstanceInformationList: (Filters as { Values: string[] }[])[0]!.Values.map((InstanceId) => ({
          InstanceId,
          PingStatus: 'Online',
          AgentVersion: '3.3.3000.0',
        })),
      }),
      DescribeDocument: (input) => {
        const Document = stored.find(({ Name }) => Name === input.Name);
        if (!Document)
          throw new AwsError('InvalidDocument', `Document with name ${input.Name} does not exist.`);
        return { Document };
      },
    },
  });
  const clients = { ec2: new EC2Client(wire.config), ssm: new SSMClient(wire.config), ledger: world.ledger };
  return findHosts(from, apps, clients);
}

describe('a plan', () => {
  test('names hosts, their volumes, documents with versions, and how long to wait for each phase', async () => {
    const planned = await plan({ hosts: names(2) });
    expect(planned).toMatchObject({
      ...lease,
      image,
      waves: [names(2)],
      volumeIds: ['vol-00000000', 'vol-00000001'],
      hasMigration: false,
      app: { name: 'web', hostTag: { key: 'fleet', value: 'web' } },
      docker: { repositoryUrl: 'https://download.docker.com' },
    });
    expect(planned.documents.bake).toEqual({ name: 'Doc-bake', version: '13', parameters: ['app', 'fence'] });
  });

  test('is in the ledger, where a closing finds it', async () => {
    const planned = await plan({});
    expect(await world.ledger.plan('web-1')).toEqual(planned);
  });

  test('puts a thousand hosts, which EC2 lists in pages, into twenty waves in a stable order', async () => {
    const planned = await plan({ hosts: names(1000) });
    expect(planned.waves).toHaveLength(20);
    expect(planned.waves.flat()).toEqual(names(1000));
    expect(planned.volumeIds.map((id) => id.replace('vol-', 'i-'))).toEqual(names(1000));
    expect(JSON.stringify(planned).length).toBeLessThan(100_000);
  });

  test('waits for each phase longer than delivery, execution and one sweep', async () => {
    const { app } = await plan({});
    for (const name of phaseNames)
      expect(app.taskTimeouts[name]).toBeGreaterThan(
        deliverySeconds + phases[name].executionSeconds({ app }) + 60,
      );
  });

  test('resolves a database and migrates when the app is configured so', async () => {
    const from = {
      request: sampleRequest({ app: 'api' }),
      lease: { deploymentId: 'api-1', fence: 1 },
      image,
    };
    expect(await plan({}, from)).toMatchObject({ hasDatabase: true, hasMigration: true });
    expect(await plan({})).toMatchObject({ hasDatabase: false, hasMigration: false });
  });
});

describe('no plan is made', () => {
  const idOf = async (account: Account, from?: Parameters<typeof plan>[1]) =>
    (await failureOf(plan(account, from))).id;

  test('without a host, or with more than a thousand', async () => {
    expect(await failureOf(plan({ hosts: [] }))).toEqual({
      id: 'no-host-found',
      message: 'no running instance has the tag fleet=web: start one, or tag it',
    });
    expect(await idOf({ hosts: names(1001) })).toBe('too-many-hosts');
  });

  test('for an image of another architecture; the message says how to build', async () => {
    expect(await failureOf(plan({ architecture: 'arm64' }))).toEqual({
      id: 'image-architecture-mismatch',
      message: '1.0.0 is built for amd64, and i-00000000 is arm64: build with --platform linux/arm64',
    });
  });

  test('for an app that was taken out of the configuration', async () => {
    expect(await idOf({}, { request: sampleRequest({ app: 'gone' }), lease, image })).toBe('unknown-app');
  });

  test('when a document is missing', async () => {
    expect((await failureOf(plan({ documents: documents.slice(1) }))).message).toBe(
      'The SSM document Doc-inspect does not exist: deploy the stack again',
    );
  });

  test('and nothing of it is in the ledger', async () => {
    await failureOf(plan({ hosts: [] }));
    expect(await world.ledger.plan('web-1')).toBeUndefined();
  });
});
