import type { RehearsalVolume } from '../aws/ec2-volumes.ts';
import type { ImageSource } from '../aws/ecr-images.ts';
import type { IdentityProvider } from '../aws/identity-provider.ts';
import type { EventSink } from '../aws/event-bus.ts';
import { account, region } from '../deployer.ts';
import type { Deployer } from '../deployer.ts';
import type { RehearsalHost } from '../host/host.ts';
import type { ImageSpec } from '../images/image.ts';

/** Where a rehearsal takes place: hosts with their volumes and a registry, real or simulated. */
export interface Stage<Host extends RehearsalHost = RehearsalHost> {
  readonly kind: 'real' | 'simulated';
  /** Those that are added come last. */
  readonly hosts: readonly [Host, ...Host[]];
  readonly volumes: readonly RehearsalVolume[];
  /** Values of the stack's parameters that lead to the stage instead of the world. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly images: (events: EventSink) => ImageSource;
  /** Whose tokens STS takes. */
  readonly identityProviders?: readonly IdentityProvider[];
  /** Opens to the hosts what the deployer answers. */
  connect(deployer: Deployer): Promise<void>;
  /** One more bare host with a volume of its own. EC2 lists it from then on; see Rehearsal.addHost. */
  addHost(): Promise<Host>;
  push(spec: ImageSpec, repository: string, tag?: string): Promise<Pushed>;
  /** Where clients reach a host's port 80; none on a simulated one. */
  targetOf(host: RehearsalHost): Target | undefined;
  /** The BUILD_VERSION that port 80 of a host, the first unless said, serves, or what it answers instead. */
  serving(host?: RehearsalHost): Promise<string>;
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

export interface HostIdentity {
  readonly instanceId: string;
  readonly volumeId: string;
  readonly availabilityZone: string;
}

/**
 * Of a stage's hosts in turn, from 0. Three in a row stand in three zones, where each finds one free volume; a fourth comes when those
 * have been attached.
 */
export function hostIdentity(index: number): HostIdentity {
  const number = (index + 1).toString(16).padStart(2, '0');
  return {
    instanceId: `i-0ed9e0000000000${number}`,
    volumeId: `vol-0ed9e0000000000${number}`,
    availabilityZone: `${region}${'abc'[index % 3]}`,
  };
}

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
