import type { Clock } from '../clock.ts';
import type { RehearsalHost } from '../host/host.ts';
import { AwsError } from './service.ts';

/** An EBS volume that AWS knows of. */
export interface RehearsalVolume {
  readonly volumeId: string;
  readonly availabilityZone: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly sizeGb?: number;
  /** Attached from the start. */
  readonly attachedTo?: string;
}

interface Attachment {
  readonly instanceId: string;
  readonly device: string;
  state: 'attaching' | 'attached';
}

/** The volumes and where they are attached; attaching takes a moment, as on EC2. */
export class Volumes {
  readonly all: readonly RehearsalVolume[];
  readonly #attachments = new Map<string, Attachment>();
  readonly #clock: Clock;
  readonly #attachMs: number;

  constructor(volumes: readonly RehearsalVolume[], clock: Clock, attachMs: number) {
    this.all = volumes;
    this.#clock = clock;
    this.#attachMs = attachMs;
    for (const { volumeId, attachedTo } of volumes)
      if (attachedTo !== undefined)
        this.#attachments.set(volumeId, { instanceId: attachedTo, device: '/dev/sdf', state: 'attached' });
  }

  attachmentOf(volumeId: string): Readonly<Attachment> | undefined {
    return this.#attachments.get(volumeId);
  }

  onInstance = (instanceId: string) =>
    [...this.#attachments].filter(([, attachment]) => attachment.instanceId === instanceId);

  find(volumeId: string): RehearsalVolume {
    const volume = this.all.find((candidate) => candidate.volumeId === volumeId);
    if (volume) return volume;
    throw new AwsError('InvalidVolume.NotFound', `The volume '${volumeId}' does not exist.`);
  }

  attach(volumeId: string, host: RehearsalHost, device: string): Readonly<Attachment> {
    const volume = this.find(volumeId);
    if (this.#attachments.has(volumeId))
      throw new AwsError('VolumeInUse', `${volumeId} is already attached to an instance`);
    if (volume.availabilityZone !== host.availabilityZone)
      throw new AwsError(
        'InvalidVolume.ZoneMismatch',
        `The volume '${volumeId}' is not in the same availability zone as instance '${host.instanceId}'`,
      );
    if (this.onInstance(host.instanceId).some(([, taken]) => taken.device === device))
      throw new AwsError(
        'InvalidParameterValue',
        `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
      );
    const attachment: Attachment = { instanceId: host.instanceId, device, state: 'attaching' };
    this.#attachments.set(volumeId, attachment);
    this.#clock.after(this.#attachMs, () => {
      void host.attachVolume(volumeId).then(
        () => (attachment.state = 'attached'),
        // The rehearsal's own fault: it stays attaching, as a stuck attachment does on EC2.
        () => undefined,
      );
    });
    return attachment;
  }
}
