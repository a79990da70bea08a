import {
  AttachVolumeCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEc2 } from '../../../rehearsal/aws/ec2.ts';
import { startEndpoint, type TestEndpoint } from '../../support/aws-endpoint.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { ScriptHost } from '../../support/script-host.ts';
import { allow, resource, role, smallStack } from '../../support/small-stack.ts';

const stack = smallStack({
  Attacher: role(
    allow('ec2:AttachVolume', 'arn:aws:ec2:*:*:volume/*', {
      StringEquals: { 'aws:ResourceTag/disk': 'docker' },
    }),
    allow('ec2:AttachVolume', 'arn:aws:ec2:*:*:instance/*', {
      StringEquals: { 'aws:ResourceTag/fleet': 'web' },
    }),
  ),
  Nobody: role(),
});
const volumes = [
  { volumeId: 'vol-00000000000000001', availabilityZone: 'eu-central-1a', tags: { disk: 'docker' } },
  { volumeId: 'vol-00000000000000002', availabilityZone: 'eu-central-1b', tags: { disk: 'docker' } },
  { volumeId: 'vol-00000000000000003', availabilityZone: 'eu-central-1a', tags: { disk: 'other' } },
];

let clock: ManualClock;
let host: ScriptHost;
let endpoint: TestEndpoint;
let client: EC2Client;

beforeEach(async () => {
  clock = new ManualClock();
  host = new ScriptHost('i-00000000000000001', { fleet: 'web', Name: 'a <b> & "c"' });
  const hosts = [host, new ScriptHost('i-00000000000000002', { fleet: 'other' })];
  endpoint = await startEndpoint(stack, [createEc2({ stack, hosts: () => hosts, volumes, clock })]);
  client = new EC2Client(endpoint.as());
});
afterEach(() => endpoint.close());

const attach = (VolumeId: string, ec2 = client) =>
  ec2.send(new AttachVolumeCommand({ VolumeId, InstanceId: host.instanceId, Device: '/dev/sdf' }));
const states = async (id: string) => {
  const { Volumes } = await client.send(new DescribeVolumesCommand({ VolumeIds: [id] }));
  return { State: Volumes![0]!.State, attachment: Volumes![0]!.Attachments?.[0]?.State };
};

it('finds running instances by tag', async () => {
  const Filters = [
    { Name: 'tag:fleet', Values: ['web'] },
    { Name: 'instance-state-name', Values: ['running'] },
  ];
  const { Reservations } = await client.send(new DescribeInstancesCommand({ Filters }));
  expect(Reservations!.flatMap(({ Instances }) => Instances)).toMatchObject([
    {
      InstanceId: host.instanceId,
      Architecture: 'x86_64',
      Placement: { AvailabilityZone: 'eu-central-1a' },
      State: { Name: 'running' },
      Tags: [
        { Key: 'fleet', Value: 'web' },
        { Key: 'Name', Value: 'a <b> & "c"' },
      ],
    },
  ]);
});

it('gives pages', async () => {
  const first = await client.send(new DescribeInstancesCommand({ MaxResults: 1 }));
  const second = await client.send(
    new DescribeInstancesCommand({ MaxResults: 1, NextToken: first.NextToken }),
  );
  expect(second.Reservations![0]!.Instances![0]!.InstanceId).toBe('i-00000000000000002');
  expect(second.NextToken).toBeUndefined();
});

it('answers an empty list as the SDK reads it', async () => {
  const Filters = [{ Name: 'tag:fleet', Values: ['nobody'] }];
  expect((await client.send(new DescribeInstancesCommand({ Filters }))).Reservations ?? []).toEqual([]);
});

describe('AttachVolume', () => {
  const [docker, elsewhere, other] = volumes.map(({ volumeId }) => volumeId) as [string, string, string];

  it('takes a moment, and the device appears on the host', async () => {
    expect((await attach(docker)).State).toBe('attaching');
    expect(host.attached).toEqual([]);
    expect(await states(docker)).toEqual({ State: 'in-use', attachment: 'attaching' });
    await clock.advance(1000);
    expect(host.attached).toEqual([docker]);
    expect(await states(docker)).toEqual({ State: 'in-use', attachment: 'attached' });
  });

  it('refuses a volume in use, in another zone, or on a taken device', async () => {
    await attach(docker);
    await expect(attach(docker)).rejects.toMatchObject({ name: 'VolumeInUse' });
    await expect(attach(elsewhere)).rejects.toMatchObject({ name: 'InvalidVolume.ZoneMismatch' });
    await expect(attach(other)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it('is allowed by the tags of both ends', async () => {
    const attacher = new EC2Client(endpoint.as(resource(stack, 'Attacher').arn));
    await expect(attach(other, attacher)).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
      message: expect.stringContaining(`volume/${other}`),
    });
    await expect(attach(docker, attacher)).resolves.toBeDefined();
  });
});

it('refuses an unknown filter and a role without permission', async () => {
  const odd = client.send(new DescribeInstancesCommand({ Filters: [{ Name: 'odd', Values: ['x'] }] }));
  await expect(odd).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  const nobody = new EC2Client(endpoint.as(resource(stack, 'Nobody').arn)).send(
    new DescribeInstancesCommand({}),
  );
  await expect(nobody).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
});
