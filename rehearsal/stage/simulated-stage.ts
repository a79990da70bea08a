import { memoryImages, type MemoryImages } from '../aws/ecr-memory-images.ts';
import { systemClock, type Clock } from '../clock.ts';
import type { ImageBehaviour } from '../host/simulated/image-behaviour.ts';
import { SimulatedHost, type SimulatedHostOptions } from '../host/simulated/simulated-host.ts';
import type { ImageSpec } from '../images/image.ts';
import { volumeOf } from './new-host.ts';
import { hostIdentity, type HostIdentity, type Pushed, type Stage, type StageTags } from './stage.ts';

export interface SimulatedStageOptions {
  readonly tags: StageTags;
  /** The app whose traffic `serving` asks for. */
  readonly app?: string;
  readonly clock?: Clock;
  /** From the beginning, at most three; one unless said. */
  readonly hosts?: number;
  /** Of each of them. */
  readonly host?: Partial<SimulatedHostOptions>;
}

export interface SimulatedStage extends Stage<SimulatedHost> {
  readonly kind: 'simulated';
  /** As buildx pushes: an image for each architecture and an attestation by digest, then their index by its tag. */
  pushIndex(spec: ImageSpec, repository: string, tag?: string): Promise<Pushed>;
}

/** Models of hosts, and images that are only described. It runs anywhere, and says what it is. */
export async function createSimulatedStage(options: SimulatedStageOptions): Promise<SimulatedStage> {
  const { tags, app = 'web', clock = systemClock } = options;
  const behaviours = new Map<string, ImageBehaviour>();
  const simulate = ({ instanceId, availabilityZone }: HostIdentity) =>
    new SimulatedHost({
      ...{ clock, instanceId, availabilityZone, behaviours },
      tags: { ...tags.host },
      ...options.host,
    });
  const identities = Array.from({ length: options.hosts ?? 1 }, (_, index) => hostIdentity(index));
  const hosts = identities.map(simulate) as [SimulatedHost, ...SimulatedHost[]];
  const volumes = identities.map((identity) => volumeOf(identity, tags));
  const versions = new Map<string, string>();
  let images: MemoryImages | undefined;
  return {
    kind: 'simulated',
    hosts,
    volumes,
    parameters: {},
    images: (events) =>
      (images = memoryImages({
        // The behaviour must be known before anybody hears of the image.
        publish: (event) => setImmediate(() => events.publish(event)),
      })),
    async connect() {},
    async addHost() {
      const identity = hostIdentity(hosts.length);
      const host = simulate(identity);
      volumes.push(volumeOf(identity, tags));
      hosts.push(host);
      return host;
    },
    targetOf: () => undefined,
    async push(spec, repository, tag = spec.buildVersion) {
      const { architecture, command } = spec;
      const digest = images!.push({
        repository,
        tag,
        architecture,
        command: command === 'none' ? [] : command,
        labels: labelsOf(spec),
      });
      behaviours.set(digest, behaviourOf(spec));
      versions.set(digest, spec.buildVersion);
      return { digest, at: clock.now() };
    },
    async pushIndex(spec, repository, tag = spec.buildVersion) {
      const children = ['amd64', 'arm64', 'unknown'].map((architecture) => ({
        architecture,
        digest: images!.push({ repository, architecture, labels: labelsOf(spec) }),
      }));
      const digest = images!.pushIndex({ repository, tag, children });
      behaviours.set(digest, behaviourOf(spec));
      versions.set(digest, spec.buildVersion);
      return { digest, at: clock.now() };
    },
    async serving(host = hosts[0]) {
      const served = (host as SimulatedHost).serve(app);
      return served.status === 200
        ? (versions.get(served.digest) ?? served.digest)
        : `status ${served.status}`;
    },
    async close() {},
  };
}

/** Another content for another spec, whatever its tag is. */
const labelsOf = ({ buildVersion, environment }: ImageSpec) => ({
  'org.opencontainers.image.version': buildVersion,
  ...environment,
});

/** What the example app does by these variables, the model does too. */
function behaviourOf({ environment = {}, command }: ImageSpec): ImageBehaviour {
  const milliseconds = (name: string) =>
    environment[name] === undefined ? undefined : Number(environment[name]);
  return {
    neverHealthy: environment['HEALTH'] === 'never',
    diesAfterMs: milliseconds('DIE_AFTER_MS'),
    diesAfterSwitchMs: milliseconds('DIE_AFTER_FIRST_REQUEST_MS'),
    notRunnable: Array.isArray(command),
  };
}
