export interface VolumeOptions {
  readonly volumeId: string;
  readonly sizeGiB: number;
  /** On the volume before the host first sees it. */
  readonly content: 'blank' | 'ext4' | 'xfs';
  /** false: a tagged volume that EC2 has yet to attach. */
  readonly attached: boolean;
}

export interface Credentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  /** ISO 8601. */
  readonly Expiration: string;
}

export interface InstanceProfile {
  readonly roleName: string;
  readonly credentials: () => Credentials | Promise<Credentials>;
}

export interface RealHostOptions {
  /** `i-` and 17 hexadecimal digits. */
  readonly instanceId: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly accountId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly volume?: VolumeOptions;
  /** Names of /etc/hosts; those without an address are the gateway's. */
  readonly extraHosts?: Readonly<Record<string, string | null>>;
  /** PEM of an authority that the host trusts beside the public ones. */
  readonly trustedAuthority?: string;
  readonly instanceProfile?: InstanceProfile;
}
