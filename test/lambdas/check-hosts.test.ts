import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient, type SendCommandRequest } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkHosts, report } from '../../lambdas/check-hosts.ts';
import { appKey } from '../../lambdas/lib/ledger.ts';
import { AwsError } from '../../rehearsal/aws/service.ts';
import { openWire } from './support/aws-double.ts';
import { apps, digestOf } from './support/samples.ts';
import { useWorld } from './support/setup.ts';

const world = useWorld();
const hosts = Array.from({ length: 120 }, (_, index) => `i-${String(index).padStart(8, '0')}`);
const now = 1_800_000_000_000;

let wire: Awaited<ReturnType<typeof openWire>>;
const sent: SendCommandRequest[] = [];
let described = 0;
/** Instances that SSM calls online, and yet sends nothing to. */
const gone = new Set<string>();

beforeEach(async () => {
  vi.stubEnv('INSPECT_DOCUMENT', 'Doc-inspect');
  vi.stubEnv('STACK_NAME', 'EdgePaas');
  sent.length = described = 0;
  gone.clear();
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
