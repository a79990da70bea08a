import { EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, test } from 'vitest';
import type { Host } from '../../../lambdas/lib/hosts.ts';
import { attachVolumes } from '../../../lambdas/lib/volumes.ts';
import { AwsError } from '../../../rehearsal/aws/service.ts';
import { openWire, type Action } from '../support/aws-double.ts';
import { failureOf } from '../support/setup.ts';

const tag = { key: 'disk', value: 'docker' };
const host = (instanceId: string, availabilityZone = 'eu-central-1a'): Host => ({
  instanceId,
  architecture: 'x86_64',
  availabilityZone,
});

interface Listed {
  readonly id: string;
  readonly zone?: string;
  readonly on?: string;
  readonly state?: string;
}
const asXml = ({ id, zone = 'eu-central-1a', on, state = on ? 'attached' : '' }: Listed) => ({
  volumeId: id,
  availabilityZone: zone,
  status: on ? 'in-use' : 'available',
  attachmentSet: on ? [{ instanceId: on, volumeId: id, status: state }] : [],
});

let wire: Awaited<ReturnType<typeof openWire>>;
afterEach(() => wire.close());
let attached: string[];

/** Attaches what EC2 is said to have. */
async function attach(hosts: Host[], volumes: Listed[], refuse?: AwsError): Promise<string[]> {
  attached = [];
  const actions: Record<string, Action> = {
    DescribeVolumes: () => ({ volumeSet: volumes.map(asXml) }),
    AttachVolume: ({ VolumeId, InstanceId, Device }) => {
      if (refuse) throw refuse;
      attached.push(`${String(VolumeId)} ${String(InstanceId)} ${String(Device)}`);
      return { volumeId: VolumeId, status: 'attaching' };
    },
  };
  wire = await openWire({ ec2: actions });
  return attachVolumes(hosts, tag, new EC2Client(wire.config));
}

describe('a host’s volume', () => {
  test('that is attached is taken, in the order of the hosts', async () => {
    const volumes = [
      { id: 'vol-b', on: 'i-2' },
      { id: 'vol-a', on: 'i-1' },
    ];
    expect(await attach([host('i-1'), host('i-2')], volumes)).toEqual(['vol-a', 'vol-b']);
    expect(attached).toEqual([]);
  });

  test('that is free in its zone is attached, and the graph is asked to come again', async () => {
    const volumes = [{ id: 'vol-a' }, { id: 'vol-z', zone: 'eu-central-1b' }];
    expect(await failureOf(attach([host('i-1')], volumes))).toEqual({
      id: 'volume-attaching',
      message: 'vol-a to i-1: not attached yet',
    });
    expect(attached).toEqual(['vol-a i-1 /dev/sdf']);
  });

  test.each(['attaching', 'detaching', 'busy'])(
    'that is %s is waited for, and not attached again',
    async (state) => {
      expect((await failureOf(attach([host('i-1')], [{ id: 'vol-a', on: 'i-1', state }]))).id).toBe(
        'volume-attaching',
      );
      expect(attached).toEqual([]);
    },
  );

  test('of its own comes before a free one', async () => {
    expect(await attach([host('i-1')], [{ id: 'vol-free' }, { id: 'vol-own', on: 'i-1' }])).toEqual([
      'vol-own',
    ]);
  });

  test.each([
    ['there is none', []],
    ['it is in another zone', [{ id: 'vol-a', zone: 'eu-central-1b' }]],
    ['it is on another host', [{ id: 'vol-a', on: 'i-9' }]],
  ])('is missing when %s, and nothing is attached', async (_, volumes) => {
    const { id, message } = await failureOf(attach([host('i-1')], volumes));
    expect(id).toBe('volume-not-found');
    expect(message).toBe(
      'i-1 needs exactly one volume with the tag disk=docker in eu-central-1a, and there is none: create or tag one',
    );
    expect(attached).toEqual([]);
  });

  test('is not guessed when two would do', async () => {
    const { id, message } = await failureOf(attach([host('i-1')], [{ id: 'vol-a' }, { id: 'vol-b' }]));
    expect(id).toBe('volume-not-found');
    expect(message).toContain('vol-a, vol-b');
    expect(attached).toEqual([]);
  });

  test('is not given to two hosts, and neither gets it', async () => {
    const { id, message } = await failureOf(attach([host('i-1'), host('i-2')], [{ id: 'vol-a' }]));
    expect(id).toBe('volume-not-found');
    expect(message).toContain('i-1 and i-2 have only vol-a between them');
    expect(attached).toEqual([]);
  });
});

describe('AttachVolume', () => {
  test('of an attempt before that the list does not show yet is no failure', async () => {
    const inUse = new AwsError('VolumeInUse', 'vol-a is already attached to an instance');
    expect((await failureOf(attach([host('i-1')], [{ id: 'vol-a' }], inUse))).id).toBe('volume-attaching');
  });

  test('that EC2 refuses has a failure id, EC2’s reason, and what to do', async () => {
    const taken = new AwsError('InvalidParameterValue', 'Attachment point /dev/sdf is already in use');
    expect(await failureOf(attach([host('i-1')], [{ id: 'vol-a' }], taken))).toEqual({
      id: 'volume-not-attached',
      message:
        'vol-a to i-1 as /dev/sdf: Attachment point /dev/sdf is already in use. Attach it by hand, or free /dev/sdf',
    });
  });
});
