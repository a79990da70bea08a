import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { deliverySeconds } from '../../contracts/phase.ts';
import { phaseNames } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { findHosts } from '../../lambdas/find-hosts.ts';
import { AwsError } from '../../rehearsal/aws/service.ts';
import { openWire } from './support/aws-double.ts';
import { apps, samplePlan, sampleRequest } from './support/samples.ts';
import { failureOf, useWorld } from './support/setup.ts';

const names = (count: number) =>
  Array.from({ length: count }, (_, index) => `i-${String(index).padStart(8, '0')}`);

const world = useWorld();
/** Of an execution that has just begun. */
const requestNow = (overrides: Partial<DeploymentRequest> = {}) => {
  const now = new Date().toISOString();
  return sampleRequest({ order: `${now} ${now}`, ...overrides });
};
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
  /** Hosts whose agent has lost its connection. */
  readonly offline?: string[];
  readonly configured?: typeof apps;
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
async function plan(account: Account, from = { request: requestNow(), lease, image }) {
  const { hosts = names(1), architecture = 'x86_64', documents: stored = documents, offline = [] } = account;
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
          PingStatus: offline.includes(InstanceId) ? 'ConnectionLost' : 'Online',
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
  const clients = {
    cloudwatch: world.cloudwatch,
    ec2: new EC2Client(wire.config),
    ssm: new SSMClient(wire.config),
    ledger: world.ledger,
  };
  return findHosts(from, account.configured ?? apps, clients);
}

describe('a plan', () => {
  test('names hosts, their volumes, documents with versions, and how long to wait for each phase', async () => {
    const planned = await plan({ hosts: names(2) });
    expect(planned).toMatchObject({
      ...lease,
      image,
      waves: [['i-00000000'], ['i-00000001']],
      volumeIds: ['vol-00000000', 'vol-00000001'],
      hasMigration: false,
      app: { name: 'web', hostTag: { key: 'fleet', value: 'web' } },
      docker: { repositoryUrl: 'https://download.docker.com' },
    });
    expect(planned.documents.bake).toEqual({ name: 'Doc-bake', version: '13', parameters: ['app', 'fence'] });
  });

  test('heeds the configured alarms that are not raised already', async () => {
    const { alarms } = world.cloudwatchDouble;
    alarms.set('web-errors', { state: 'OK', since: 1 });
    alarms.set('web-slow', { state: 'ALARM', since: 1 });
    alarms.set('web-new', { state: 'INSUFFICIENT_DATA', since: 1 });
    const rollout = { ...apps[0]!.rollout, alarms: ['web-errors', 'web-slow', 'web-new'] };
    const configured = [{ ...apps[0]!, rollout }];
    expect(await plan({ configured })).toMatchObject({ alarms: ['web-errors', 'web-new'] });
    expect(await plan({})).not.toHaveProperty('alarms');
    alarms.delete('web-slow');
    const { id, message } = await failureOf(plan({ configured }));
    expect(id).toBe('alarm-not-found');
    expect(message).toMatch(/web heeds the alarm web-slow, /);
  });

  test('is in the ledger, where a closing finds it', async () => {
    const planned = await plan({});
    expect(await world.ledger.plan('web-1')).toEqual(planned);
  });

  test('puts a thousand hosts, which EC2 lists in pages, into a canary wave and twenty more, in a stable order', async () => {
    const planned = await plan({ hosts: names(1000) });
    expect(planned.waves.map(({ length }) => length)).toEqual([1, ...Array<number>(19).fill(50), 49]);
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
      request: requestNow({ app: 'api' }),
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
    expect(await idOf({}, { request: requestNow({ app: 'gone' }), lease, image })).toBe('unknown-app');
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

/** The apps with another rollout. */
const rolledOut = (rollout: Partial<(typeof apps)[number]['rollout']>) =>
  apps.map((app) => ({ ...app, rollout: { ...app.rollout, ...rollout } }));

describe('hosts that are out of reach', () => {
  test('are left out as far as the configuration allows; canaries are online', async () => {
    const account = { hosts: names(4), offline: names(1), configured: rolledOut({ unavailableHosts: 1 }) };
    expect(await plan(account)).toMatchObject({
      waves: [['i-00000001'], ['i-00000002', 'i-00000003']],
      volumeIds: ['vol-00000001', 'vol-00000002', 'vol-00000003'],
      leftOut: ['i-00000000'],
    });
  });

  test('are one too many: they are named with the limit', async () => {
    const account = { hosts: names(4), offline: names(2), configured: rolledOut({ unavailableHosts: 1 }) };
    expect(await failureOf(plan(account))).toEqual({
      id: 'host-offline',
      message:
        'the SSM agent of i-00000000, i-00000001 is not online, and 1 at most may be left out (rollout.unavailableHosts), never all: check that the instance runs, has its role, and reaches SSM',
    });
  });

  test('are never all of them', async () => {
    const account = { hosts: names(2), offline: names(2), configured: rolledOut({ unavailableHosts: 9 }) };
    expect((await failureOf(plan(account))).id).toBe('host-offline');
  });
});

describe('a rollout that one execution cannot walk', () => {
  test('has too long waves: it says how many fit, and what to change', async () => {
    const long = rolledOut({ waveHosts: 1 }).map((app) => ({
      ...app,
      timeouts: { ...app.timeouts, bake: 3600 },
    }));
    expect(await failureOf(plan({ hosts: names(12), configured: long }))).toEqual({
      id: 'rollout-too-long',
      message:
        'web has 12 waves, and 10 fit into the 719 min that the execution has, at up to 3720 s each: lower timeouts.bake or timeouts.health, or raise rollout.waveHosts (1), then deploy again',
    });
  });

  test('has waited too long for the lease', async () => {
    const order = '2026-01-01T00:00:00Z 2026-01-01T00:00:00Z';
    const late = { request: sampleRequest({ order }), lease, image };
    expect((await failureOf(plan({}, late))).id).toBe('rollout-too-long');
  });

  test('has too many waves for an execution’s history', async () => {
    const account = { hosts: names(200), configured: rolledOut({ waveHosts: 1 }) };
    expect((await failureOf(plan(account))).message).toMatch(
      /^web has 200 waves, and 103 fit into the history of an execution: raise rollout.waveHosts \(1\)/,
    );
  });
});

describe('a catch-up', () => {
  const catchUp = (hosts: string[], overrides: Partial<DeploymentRequest> = {}) => ({
    request: requestNow({ trigger: 'catch-up', catchUp: hosts, ...overrides }),
    lease,
    image,
  });

  test('is of those of its hosts that are there, whatever may be left out otherwise', async () => {
    const from = catchUp(['i-00000001', 'i-00000002', 'i-09999999']);
    expect(await plan({ hosts: names(4), offline: ['i-00000002'] }, from)).toMatchObject({
      waves: [['i-00000001']],
      leftOut: ['i-00000002'],
      catchUp: true,
    });
  });

  test('of hosts that are gone, or all out of reach, has no plan', async () => {
    expect(await failureOf(plan({ hosts: names(2) }, catchUp(['i-09999999'])))).toEqual({
      id: 'no-host-found',
      message: 'none of i-09999999 is a running host of web: check the ids and their tag',
    });
    const offline = plan({ hosts: names(2), offline: names(1) }, catchUp(names(1)));
    expect(await failureOf(offline)).toMatchObject({ id: 'host-offline' });
  });

  test('migrates nothing, and takes the database that the others have', async () => {
    const database = { mode: 'postgres_only' as const, reason: 'Postgres answers' };
    const from = catchUp(names(1), { app: 'api', database });
    const planned = await plan({ hosts: names(2) }, { ...from, lease: { deploymentId: 'api-1', fence: 1 } });
    expect(planned).toMatchObject({ hasDatabase: false, hasMigration: false, database });
  });

  test('gives no second host a SQLite file of its own', async () => {
    const database = { mode: 'sqlite_only' as const, reason: 'Postgres is out of reach' };
    const from = catchUp(names(1), { app: 'api', database });
    expect(await failureOf(plan({ hosts: names(2) }, from))).toMatchObject({ id: 'sqlite-on-many-hosts' });
    expect((await plan({ hosts: names(1) }, from)).database).toEqual(database);
  });
});
