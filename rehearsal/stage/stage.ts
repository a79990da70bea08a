import type { RehearsalVolume } from '../aws/ec2-volumes.ts';
import type { ImageSource } from '../aws/ecr-images.ts';
import type { IdentityProvider } from '../aws/identity-provider.ts';
import type { EventSink } from '../aws/event-bus.ts';
import { account } from '../deployer.ts';
import type { Deployer } from '../deployer.ts';
import type { RehearsalHost } from '../host/host.ts';
import type { ImageSpec } from '../images/image.ts';

/** Where a rehearsal takes place: a host with its volume and registry, real or simulated. */
export interface Stage {
  readonly kind: 'real' | 'simulated';
  readonly host: RehearsalHost;
  readonly volumes: readonly RehearsalVolume[];
  /** Values of the stack's parameters that lead to the stage instead of the world. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly images: (events: EventSink) => ImageSource;
  /** Whose tokens STS takes. */
  readonly identityProviders?: readonly IdentityProvider[];
  /** Opens to the host what the deployer answers. */
  connect(deployer: Deployer): Promise<void>;
  push(spec: ImageSpec, repository: string, tag?: string): Promise<Pushed>;
  /** Where clients reach the host's port 80; none on a simulated one. */
  readonly target?: Target;
  /** The BUILD_VERSION that port 80 serves, or what it answers instead. */
  serving(): Promise<string>;
  close(): Promise<void>;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  /** The name that clients ask for, where the app does not answer to any. */
  readonly hostHeader?: string;
}

export interface Pushed {
  readonly digest: string;
  /** Epoch milliseconds at which the registry had accepted it. */
  readonly at: number;
}

export const instanceId = 'i-0ed9e0000000000001';
export const volumeId = 'vol-0ed9e000000000001';
export const availabilityZone = 'eu-central-1a';
export const hostRoleName = 'rehearsal-host';
export const hostRoleArn = `arn:aws:iam::${account}:role/${hostRoleName}`;

/** Tags of the rehearsal's own configuration, unless another one is rehearsed. */
export interface StageTags {
  readonly host: Readonly<Record<string, string>>;
  readonly volume: Readonly<Record<string, string>>;
}

/** A name of the app that a client can ask for; none if it answers to any. */
export function hostHeaderFor(serverNames: readonly string[]): string | undefined {
  if (serverNames.length === 0 || serverNames.includes('_')) return undefined;
  return serverNames[0]!.replace(/^\*/, 'www');
}
