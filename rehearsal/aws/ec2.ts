import type { DeployedStack } from '../assembly-types.ts';
import type { Clock } from '../clock.ts';
import type { RehearsalHost } from '../host/host.ts';
import { ec2Permissions } from './ec2-permissions.ts';
import { Volumes, type RehearsalVolume } from './ec2-volumes.ts';
import { matchesPattern } from './iam-pattern.ts';
import { list, optionalNumber, optionalText, page, refuseOthers, text } from './input.ts';
import { AwsError, refuse, type WireService } from './service.ts';

export interface Ec2Options {
  readonly stack: DeployedStack;
  readonly hosts: () => readonly RehearsalHost[];
  readonly volumes: readonly RehearsalVolume[];
  readonly clock: Clock;
  /** Milliseconds from `attaching` to `attached`; 1,000 unless said. */
  readonly attachMs?: number;
}

type Input = Record<string, unknown>;
interface Filter {
  readonly Name: string;
  readonly Value: readonly string[];
}
type Tags = Readonly<Record<string, string>>;

const common = ['Action', 'Version', 'Filter', 'MaxResults', 'NextToken'];

/** EC2's view of the rehearsal hosts and their volumes. */
export function createEc2(options: Ec2Options): WireService {
  const volumes = new Volumes(options.volumes, options.clock, options.attachMs ?? 1_000);
  return {
    name: 'ec2',
    async handle(action, input) {
      if (action === 'DescribeInstances') return describeInstances(input, options, volumes);
      if (action === 'DescribeVolumes') return describeVolumes(input, volumes);
      if (action === 'AttachVolume') return attachVolume(input, options, volumes);
      return refuse('ec2', action);
    },
    permissions: (action, input) =>
      ec2Permissions(action, input, options.stack, options.hosts(), volumes.all),
  };
}

function describeInstances(input: Input, { hosts, stack }: Ec2Options, volumes: Volumes): unknown {
  refuseOthers('DescribeInstances', input, [...common, 'InstanceId']);
  const ids = list(input, 'InstanceId');
  for (const id of ids) findHost(hosts(), id);
  const matching = hosts()
    .filter(({ instanceId }) => ids.length === 0 || ids.includes(instanceId))
    .filter((host) => filtersOf(input).every((filter) => matchesInstance(host, filter)));
  const { items, NextToken } = paged(matching, input);
  return {
    reservationSet: items.map((host) => ({
      reservationId: host.instanceId.replace(/^i-/, 'r-'),
      ownerId: stack.account,
      groupSet: [],
      instancesSet: [describeInstance(host, volumes)],
    })),
    nextToken: NextToken,
  };
}

const describeInstance = (host: RehearsalHost, volumes: Volumes) => ({
  instanceId: host.instanceId,
  instanceState:
    host.instanceState === 'stopped' ? { code: 80, name: 'stopped' } : { code: 16, name: 'running' },
  architecture: host.architecture,
  placement: { availabilityZone: host.availabilityZone },
  platformDetails: 'Linux/UNIX',
  networkInterfaceSet: host.createdAt === undefined ? [] : [primaryInterface(host.createdAt)],
  blockDeviceMapping: volumes.onInstance(host.instanceId).map(([volumeId, { device, state }]) => ({
    deviceName: device,
    ebs: { volumeId, status: state },
  })),
  tagSet: tagSet(host.tags),
});

const primaryInterface = (attachedAt: number) => ({
  attachment: { deviceIndex: 0, networkCardIndex: 0, status: 'attached', attachTime: new Date(attachedAt) },
});

function matchesInstance(
  { instanceId, tags, availabilityZone, instanceState = 'running' }: RehearsalHost,
  { Name, Value }: Filter,
): boolean {
  if (Name.startsWith('tag:')) return includes(Value, tags[Name.slice(4)]);
  if (Name === 'instance-state-name') return Value.includes(instanceState);
  if (Name === 'instance-id') return Value.includes(instanceId);
  if (Name === 'availability-zone') return Value.includes(availabilityZone);
  throw unknownFilter(Name);
}

function describeVolumes(input: Input, volumes: Volumes): unknown {
  refuseOthers('DescribeVolumes', input, [...common, 'VolumeId']);
  const ids = list(input, 'VolumeId');
  for (const id of ids) volumes.find(id);
  const matching = volumes.all
    .filter(({ volumeId }) => ids.length === 0 || ids.includes(volumeId))
    .filter((volume) => filtersOf(input).every((filter) => matchesVolume(volume, filter, volumes)));
  const { items, NextToken } = paged(matching, input);
  return { volumeSet: items.map((volume) => describeVolume(volume, volumes)), nextToken: NextToken };
}

function describeVolume(
  { volumeId, availabilityZone, tags, sizeGb = 20 }: RehearsalVolume,
  volumes: Volumes,
) {
  const attachment = volumes.attachmentOf(volumeId);
  return {
    volumeId,
    availabilityZone,
    size: sizeGb,
    volumeType: 'gp3',
    encrypted: true,
    status: attachment ? 'in-use' : 'available',
    attachmentSet: attachment
      ? [{ volumeId, instanceId: attachment.instanceId, device: attachment.device, status: attachment.state }]
      : [],
    tagSet: tagSet(tags),
  };
}

function matchesVolume(volume: RehearsalVolume, { Name, Value }: Filter, volumes: Volumes): boolean {
  const attachment = volumes.attachmentOf(volume.volumeId);
  if (Name.startsWith('tag:')) return includes(Value, volume.tags[Name.slice(4)]);
  if (Name === 'availability-zone') return Value.includes(volume.availabilityZone);
  if (Name === 'volume-id') return Value.includes(volume.volumeId);
  if (Name === 'status') return Value.includes(attachment ? 'in-use' : 'available');
  if (Name === 'attachment.instance-id') return includes(Value, attachment?.instanceId);
  throw unknownFilter(Name);
}

function attachVolume(input: Input, { hosts }: Ec2Options, volumes: Volumes): unknown {
  refuseOthers('AttachVolume', input, ['Action', 'Version', 'VolumeId', 'InstanceId', 'Device']);
  const host = findHost(hosts(), text(input, 'InstanceId'));
  const volumeId = text(input, 'VolumeId');
  const { instanceId, device, state } = volumes.attach(volumeId, host, text(input, 'Device'));
  return { volumeId, instanceId, device, status: state, deleteOnTermination: false };
}

function findHost(hosts: readonly RehearsalHost[], instanceId: string): RehearsalHost {
  const host = hosts.find((candidate) => candidate.instanceId === instanceId);
  if (host) return host;
  throw new AwsError('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
}

/** EC2's filters know the wildcards `*` and `?`. */
const includes = (patterns: readonly string[], value: string | undefined) =>
  value !== undefined && patterns.some((pattern) => matchesPattern(pattern, value));
const filtersOf = (input: Input) => list<Filter>(input, 'Filter');
const unknownFilter = (name: string) =>
  new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
const tagSet = (tags: Tags) => Object.entries(tags).map(([key, value]) => ({ key, value }));
const paged = <T>(items: readonly T[], input: Input) =>
  page(items, optionalText(input, 'NextToken'), optionalNumber(input, 'MaxResults') ?? 1_000);
