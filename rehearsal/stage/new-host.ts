import type { RehearsalVolume } from '../aws/ec2-volumes.ts';
import { account, region } from '../deployer.ts';
import type { InstanceProfile, VolumeOptions } from '../host/real/host-options.ts';
import { hostRoleName, type HostIdentity, type StageTags } from './stage.ts';
import type { BareHost } from './surroundings.ts';

/** A real host with a blank volume that EC2 has yet to attach, unless said otherwise. */
export const newHost = (
  identity: HostIdentity,
  tags: StageTags,
  credentials: InstanceProfile['credentials'],
  volume?: Partial<VolumeOptions>,
): BareHost => ({
  ...identity,
  region,
  accountId: account,
  tags: { ...tags.host },
  volume: { volumeId: identity.volumeId, sizeGiB: 8, content: 'blank', attached: false, ...volume },
  instanceProfile: { roleName: hostRoleName, credentials },
});

/** Its volume as EC2 knows it. */
export const volumeOf = (
  { volumeId, instanceId, availabilityZone }: HostIdentity,
  tags: StageTags,
  isAttached = false,
): RehearsalVolume => ({
  volumeId,
  availabilityZone,
  tags: tags.volume,
  ...(isAttached && { attachedTo: instanceId }),
});
