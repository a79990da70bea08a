import {
  AttachVolumeCommand,
  paginateDescribeVolumes,
  type EC2Client,
  type Volume,
} from '@aws-sdk/client-ec2';
import { Failure } from '../../contracts/failure.ts';
import type { Host } from './hosts.ts';

const deviceName = '/dev/sdf';

/**
 * Ids of the hosts' tagged volumes, one a host. An available one in the host's Availability Zone is attached; since
 * AttachVolume is asynchronous, `volume-attaching` asks the graph to come again.
 */
export async function attachVolumes(
  hosts: Host[],
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
  const waiting = chosen.filter(({ host, volume }) => stateOn(host, volume) !== 'attached');
  for (const { host, volume } of waiting)
    if (volume.State === 'available') await attach(host, volume, client);
  if (waiting.length > 0)
    throw new Failure(
      'volume-attaching',
      `${waiting.map(({ host, volume }) => `${volume.VolumeId} to ${host.instanceId}`).join(', ')}: not attached yet`,
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

const stateOn = (host: Host, volume: Volume) =>
  volume.Attachments?.find(({ InstanceId }) => InstanceId === host.instanceId)?.State;

const attach = (host: Host, volume: Volume, client: EC2Client) =>
  client.send(
    new AttachVolumeCommand({ InstanceId: host.instanceId, VolumeId: volume.VolumeId, Device: deviceName }),
  );
