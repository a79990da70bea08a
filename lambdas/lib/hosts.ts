import { paginateDescribeInstances, type EC2Client, type Instance } from '@aws-sdk/client-ec2';
import type { Architecture } from '../../contracts/architecture.ts';
import { Failure } from '../../contracts/failure.ts';

export interface Host {
  readonly instanceId: string;
  readonly architecture: Architecture;
  readonly availabilityZone: string;
}

const mostHosts = 1000;

/** The running instances that carry the tag, in a stable order. */
export async function describeHosts(tag: { key: string; value: string }, client: EC2Client): Promise<Host[]> {
  const filters = [
    { Name: `tag:${tag.key}`, Values: [tag.value] },
    { Name: 'instance-state-name', Values: ['running'] },
  ];
  const hosts: Host[] = [];
  for await (const page of paginateDescribeInstances({ client }, { Filters: filters }))
    for (const { Instances } of page.Reservations ?? []) hosts.push(...(Instances ?? []).map(toHost));
  if (hosts.length === 0)
    throw new Failure(
      'no-host-found',
      `no running instance has the tag ${tag.key}=${tag.value}: start one, or tag it`,
    );
  if (hosts.length > mostHosts)
    throw new Failure(
      'too-many-hosts',
      `${hosts.length} instances have the tag ${tag.key}=${tag.value}; one app takes ${mostHosts} at most`,
    );
  return hosts.sort((one, other) => one.instanceId.localeCompare(other.instanceId));
}

export interface ExistingHost {
  readonly instanceId: string;
  /** Epoch milliseconds; 0 where EC2 does not say. */
  readonly createdAt: number;
}

/** All instances that carry the tag, whether they run or not: a stopped one comes back with what it has. */
export async function existingHosts(
  tag: { key: string; value: string },
  client: EC2Client,
): Promise<ExistingHost[]> {
  const states = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];
  const filters = [
    { Name: `tag:${tag.key}`, Values: [tag.value] },
    { Name: 'instance-state-name', Values: states },
  ];
  const hosts: ExistingHost[] = [];
  for await (const page of paginateDescribeInstances({ client }, { Filters: filters }))
    for (const { Instances } of page.Reservations ?? [])
      hosts.push(
        ...(Instances ?? []).map((one) => ({ instanceId: one.InstanceId!, createdAt: createdAt(one) })),
      );
  return hosts;
}

/**
 * LaunchTime is of the last start. The primary network interface stays from the first.
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html, launchTime
 */
function createdAt({ NetworkInterfaces = [] }: Instance): number {
  const attachments = NetworkInterfaces.map(({ Attachment }) => Attachment);
  const primary = attachments.find((one) => one?.DeviceIndex === 0 && !one.NetworkCardIndex);
  return primary?.AttachTime?.getTime() ?? 0;
}

/** A few of many, and how many more: a line that names a thousand hosts has no room for what to do. */
export function nameSome(names: readonly string[], shown = 3): string {
  const [first, more] = [names.slice(0, shown).join(', '), names.length - shown];
  return more > 0 ? `${first} and ${more} more` : first;
}

const toHost = (instance: Instance): Host => ({
  instanceId: instance.InstanceId!,
  architecture: instance.Architecture as Architecture,
  availabilityZone: instance.Placement!.AvailabilityZone!,
});
