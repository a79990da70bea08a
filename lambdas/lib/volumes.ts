import {
  AttachVolumeCommand,
  paginateDescribeVolumes,
  type EC2Client,
  type Volume,
} from '@aws-sdk/client-ec2';
import { Failure } from '../../contracts/failure.ts';
import { nameSome, type Host } from './hosts.ts';

const deviceName = '/dev/sdf';

interface Chosen {
  readonly host: Host;
  readonly volume: Volume;
}

/**
 * Ids of the hosts' tagged volumes, one a host. An available one in the host's Availability Zone is attached; since
 * AttachVolume is asynchronous, `volume-attaching` asks the graph to come again.
 */
export async function attachVolumes(
  hosts: readonly Host[],
  tag: { key: string; value: string },
  client: EC2Client,
): Promise<string[]> {
  const volumes: Volume[] = [];
  for await (const page of paginateDescribeVolumes(
    { client },
    { Filters: [{ Name: `tag:${tag.key}`, Values: [tag.value] }] },
  ))
    volumes.push(...(page.Volumes ?? []));
  const chosen = hosts.map((host) => ({ host, volume: volumeOf(host, volumes, tag) }));
  refuseShared(chosen, tag);
  const waiting = chosen.filter(({ host, volume }) => stateOn(host, volume) !== 'attached');
  for (const { host, volume } of waiting)
    if (volume.State === 'available') await attach(host, volume, client);
  if (waiting.length > 0)
    throw new Failure(
      'volume-attaching',
      `${nameSome(waiting.map(({ host, volume }) => `${volume.VolumeId} to ${host.instanceId}`))}: not attached yet`,
    );
  return chosen.map(({ volume }) => volume.VolumeId!);
}

/** Exactly one: attached to the host, or else available in its Availability Zone. */
function volumeOf(host: Host, volumes: Volume[], tag: { key: string; value: string }): Volume {
  const own = volumes.filter((volume) => stateOn(host, volume));
  const free = volumes.filter(
    ({ State, AvailabilityZone }) => State === 'available' && AvailabilityZone === host.availabilityZone,
  );
  const candidates = own.length > 0 ? own : free;
  if (candidates.length === 1) return candidates[0]!;
  const found = candidates.map(({ VolumeId }) => VolumeId).join(', ') || 'none';
  throw new Failure(
    'volume-not-found',
    `${host.instanceId} needs exactly one volume with the tag ${tag.key}=${tag.value} in ${host.availabilityZone}, and there is ${found}: create or tag one`,
  );
}

/** Two new hosts would both take the one free volume of their zone. */
function refuseShared(chosen: Chosen[], tag: { key: string; value: string }): void {
  const owners = new Map<string, Host>();
  for (const { host, volume } of chosen) {
    const owner = owners.get(volume.VolumeId!);
    if (owner)
      throw new Failure(
        'volume-not-found',
        `${owner.instanceId} and ${host.instanceId} have only ${volume.VolumeId} between them: create another volume with the tag ${tag.key}=${tag.value} in ${host.availabilityZone}`,
      );
    owners.set(volume.VolumeId!, host);
  }
}

const stateOn = (host: Host, volume: Volume) =>
  volume.Attachments?.find(({ InstanceId }) => InstanceId === host.instanceId)?.State;

async function attach(host: Host, volume: Volume, client: EC2Client): Promise<void> {
  const { instanceId: InstanceId } = host;
  try {
    await client.send(new AttachVolumeCommand({ InstanceId, VolumeId: volume.VolumeId, Device: deviceName }));
  } catch (error) {
    // An earlier attempt asked for it, and the list of volumes does not say so yet.
    if ((error as Error).name === 'VolumeInUse') return;
    throw new Failure(
      'volume-not-attached',
      `${volume.VolumeId} to ${InstanceId} as ${deviceName}: ${(error as Error).message}. Attach it by hand, or free ${deviceName}`,
      { cause: error },
    );
  }
}
