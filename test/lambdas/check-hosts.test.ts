import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient, type CommandInvocation, type SendCommandRequest } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkHosts, report } from '../../lambdas/check-hosts.ts';
import { appKey, historyKey } from '../../lambdas/lib/ledger.ts';
import { AwsError } from '../../rehearsal/aws/service.ts';
import { openWire } from './support/aws-double.ts';
import { apps, digestOf, doneLine, invocationOf, sampleRequest, sampleRun } from './support/samples.ts';
import { useWorld } from './support/setup.ts';

const world = useWorld();
const hosts = Array.from({ length: 120 }, (_, index) => `i-${String(index).padStart(8, '0')}`);
const now = 1_800_000_000_000;

let wire: Awaited<ReturnType<typeof openWire>>;
const sent: SendCommandRequest[] = [];
let described = 0;
/** Instances that SSM calls online, and yet sends nothing to. */
const gone = new Set<string>();
/** What SSM says of every command. */
let invocations: CommandInvocation[] = [];

beforeEach(async () => {
  vi.stubEnv('INSPECT_DOCUMENT', 'Doc-inspect');
  vi.stubEnv('STACK_NAME', 'EdgePaas');
  sent.length = described = 0;
  gone.clear();
  invocations = [];
  wire = await openWire({
    ec2: {
      DescribeInstances: () => {
        described += 1;
        const instancesSet = hosts.map((instanceId) => ({
          instanceId,
          architecture: 'x86_64',
          placement: { availabilityZone: 'eu-central-1a' },
        }));
        return { reservationSet: [{ instancesSet }] };
      },
    },
    ssm: {
      DescribeInstanceInformation: ({ Filters }) => ({
        InstanceInformationList: (Filters as { Values: string[] }[])[0]!.Values.map((InstanceId) => ({
          InstanceId,
          PingStatus: 'Online',
        })),
      }),
      ListCommandInvocations: () => ({ CommandInvocations: invocations }),
      SendCommand: (input) => {
        const refused = (input.InstanceIds as string[]).filter((id) => gone.has(id));
        if (refused.length > 0)
          throw new AwsError('InvalidInstanceId', `Instances [[${refused.join(', ')}]] not in a valid state`);
        sent.push(input as unknown as SendCommandRequest);
        return { Command: { CommandId: `00000000-0000-4000-8000-${String(sent.length).padStart(12, '0')}` } };
      },
    },
  });
  for (const name of ['web', 'api']) {
    await world.ledger.put(appKey(name, 'lease'), { app: name, fence: 3, deploymentId: `${name}-3` });
    const current = { deploymentId: `${name}-3`, fence: 3, buildVersion: '3', digest: digestOf('a') };
    await world.ledger.put(appKey(name, 'current'), current);
  }
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await wire.close();
});

const check = () => {
  const clients = { ec2: new EC2Client(wire.config), ssm: new SSMClient(wire.config) };
  return checkHosts(apps, { ...clients, sfn: world.sfn, ledger: world.ledger }, now);
};
const askedOf = (app: string) => sent.filter(({ Comment }) => Comment === `check of ${app}`);

describe('the check of the hosts', () => {
  test('asks every host of every app, fifty with a command, and looks a shared group up once', async () => {
    expect(await check()).toEqual({ findings: 0, changes: [], errors: [] });
    expect(askedOf('web').map(({ InstanceIds }) => InstanceIds!.length)).toEqual([50, 50, 20]);
    expect(askedOf('api').flatMap(({ InstanceIds }) => InstanceIds!)).toEqual(hosts);
    expect(described).toBe(1);
    expect(sent[0]).toMatchObject({
      DocumentName: 'Doc-inspect',
      Parameters: { deploymentId: [expect.stringMatching(/-3$/) as string], fence: ['3'] },
    });
  });

  test('is not kept from an app by trouble with another', async () => {
    const { current } = world.ledger;
    world.ledger.current = (app) => (app === 'web' ? Promise.reject(new Error('no answer')) : current(app));
    expect(await check()).toMatchObject({ errors: ['web: Error: no answer'] });
    expect(askedOf('api')).toHaveLength(3);
  });

  test.each([
    ['its first deployment failed', undefined],
    ['all that was current was taken back', { fence: 4 }],
  ])('has nothing to compare with while %s', async (_, current) => {
    const { current: read } = world.ledger;
    world.ledger.current = (app) => (app === 'web' ? Promise.resolve(current as never) : read(app));
    expect(await check()).toEqual({ findings: 0, changes: [], errors: [] });
    expect(askedOf('web')).toEqual([]);
    expect(askedOf('api')).toHaveLength(3);
  });

  test('leaves an app alone that has a lease', async () => {
    await world.ledger.put(appKey('web', 'lease'), { app: 'web', fence: 4, open: 'open', since: now });
    await check();
    expect(askedOf('web')).toEqual([]);
  });

  test('asks the others when SSM sends nothing to one, and tells of that', async () => {
    gone.add(hosts[7]!);
    const { changes } = await check();
    expect(askedOf('web').map(({ InstanceIds }) => InstanceIds!.length)).toEqual([49, 50, 20]);
    expect(changes).toContainEqual(
      expect.objectContaining({ app: 'web', finding: 'host-unreadable', host: hosts[7] }),
    );
  });
});

describe('a host that is behind for the second time', () => {
  const host = hosts[0]!;
  const history = (outcome: string, fence: number) =>
    world.ledger.put(historyKey('web', `web-${fence}`), {
      deploymentId: `web-${fence}`,
      outcome,
      request: sampleRequest(),
    });

  beforeEach(async () => {
    const run = sampleRun({ deploymentId: 'web-3', fence: 3, phase: 'inspect', hosts: [host] });
    invocations = [invocationOf(run, doneLine(run, { liveDigest: digestOf('b') }))];
    const look = { commandId: 'command-1', hosts: [host], sentAt: now - 60_000 };
    const learned = { fence: 3, digest: digestOf('a'), answeredAt: {}, catchUps: {}, looks: [look] };
    await world.ledger.put(appKey('web', 'check'), learned);
    const known = { finding: 'host-behind', host, says: '', since: new Date(now - 60_000).toISOString() };
    await world.ledger.put(appKey('web', 'findings'), { findings: [known] });
  });

  test('catches up, and nobody is asked what that would make void', async () => {
    await check();
    expect(world.statesDouble.started).toMatchObject([{ input: { app: 'web', catchUp: [host] } }]);
    expect(await world.ledger.get(appKey('web', 'check'))).toMatchObject({ catchUps: { [host]: [now] } });
    expect(askedOf('web')).toEqual([]);
  });

  test('is left to a person who has not mended what could not go back, however often that was tried', async () => {
    await history('Inconsistent', 4);
    await history('Failed', 5);
    await check();
    expect(world.statesDouble.started).toEqual([]);
  });
});

describe('its report', () => {
  const lines = (checked: Parameters<typeof report>[0]) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    try {
      report(checked, now);
    } catch (error) {
      expect((error as Error).message).toMatch(/web: no answer/);
    }
    const written = log.mock.calls.map(([line]) => JSON.parse(line as string) as unknown);
    log.mockRestore();
    return written;
  };

  test('is a line for each change, and one that CloudWatch makes a metric of', () => {
    const change = { app: 'web', finding: 'host-behind', host: 'i-1', says: '', since: '' } as const;
    expect(lines({ findings: 2, changes: [change], errors: [] })).toEqual([
      change,
      {
        _aws: {
          Timestamp: now,
          CloudWatchMetrics: [
            {
              Namespace: 'EdgePaaS',
              Dimensions: [['Stack']],
              Metrics: [{ Name: 'Findings', Unit: 'Count' }],
            },
          ],
        },
        Stack: 'EdgePaas',
        Findings: 2,
      },
    ]);
  });

  test('counts before it fails', () => {
    expect(lines({ findings: 1, changes: [], errors: ['web: no answer'] })).toMatchObject([{ Findings: 1 }]);
  });
});
