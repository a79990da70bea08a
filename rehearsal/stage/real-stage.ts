import type { RequestListener } from 'node:http';
import { registryNotifications } from '../aws/ecr-events.ts';
import { registryImages } from '../aws/ecr-images.ts';
import { ImageRecords } from '../aws/ecr-records.ts';
import { Builder, type BuilderOptions } from '../builder/builder.ts';
import { ensureBaseImage, type BaseImage, type Progress } from '../cache/ensure-base-image.ts';
import { account, region, type Deployer } from '../deployer.ts';
import type { RealHost } from '../host/real/real-host.ts';
import { packageHostName } from '../host/real/seed.ts';
import type { VolumeOptions } from '../host/real/host-options.ts';
import type { AskRegistryFault } from '../host/real/registry-fault.ts';
import { createRegistryFront, type PasswordCheck } from '../host/real/registry-front.ts';
import { buildImage } from '../images/build-image.ts';
import type { ImageSpec } from '../images/image.ts';
import { pushImage } from '../images/push-image.ts';
import type { ManagedDatabase } from '../managed-database/managed-database.ts';
import { askVersion } from './ask-version.ts';
import { CleanUp } from './clean-up.ts';
import { mayUseRegistry, roleCredentials } from './host-role.ts';
import { newHost, volumeOf } from './new-host.ts';
import { PushListener } from './push-listener.ts';
import {
  hostHeaderFor,
  hostIdentity,
  type HostIdentity,
  type Stage,
  type StageTags,
  type Target,
} from './stage.ts';
import { Surroundings } from './surroundings.ts';

const registryName = `${account}.dkr.ecr.${region}.amazonaws.com`;
const awsNames = [`ssm.${region}.amazonaws.com`, `api.ecr.${region}.amazonaws.com`];

export interface RealStageOptions {
  readonly tags: StageTags;
  /** Hosts from the beginning, at most three; one unless said. */
  readonly hosts?: number;
  /** Another one than the bare one, such as the disks of a prepared host. */
  readonly image?: BaseImage;
  readonly progress?: Progress;
  /** Names that the app answers to; clients ask for the first. */
  readonly serverNames?: readonly string[];
  /** Gives up what has been begun, and undoes it. */
  readonly signal?: AbortSignal;
  readonly volume?: Partial<VolumeOptions>;
  /** What goes wrong between a host and the registry. */
  readonly registryFault?: AskRegistryFault;
  /** Whether there is a managed database, which hosts and containers reach. */
  readonly database?: boolean;
  /** What a machine that builds images has checked out, if there is one. */
  readonly checkouts?: BuilderOptions['checkouts'];
}

/** Hosts in namespaces, bare unless said, a registry, and AWS under its own names. Needs root. */
export async function createRealStage(options: RealStageOptions): Promise<RealStage> {
  const cleanUp = new CleanUp();
  try {
    return await assemble(options, cleanUp);
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

export interface RealStage extends Stage<RealHost> {
  readonly kind: 'real';
  targetOf(host: RealHost): Target;
  readonly database: ManagedDatabase | undefined;
  /** Where any client may push. */
  readonly registryUrl: string;
  /** A login for the registry as the host's own role gets it, for measuring by hand. */
  readonly registryName: string;
  readonly builder: Builder | undefined;
  /** When the registry reported a push by some client. */
  pushed(digest: string, tag: string): Promise<number>;
}

async function assemble(
  { tags, hosts: count = 1, progress = () => {}, serverNames = [], signal, ...rest }: RealStageOptions,
  cleanUp: CleanUp,
): Promise<RealStage> {
  const image = rest.image ?? (await ensureBaseImage(progress, signal));
  progress(`Starting ${count === 1 ? 'a host' : `${count} hosts`}, a registry and AWS at the wire`);
  const pushes = new PushListener();
  const notifyUrl = await pushes.listen();
  cleanUp.add(() => pushes.close());
  let deployer: Deployer | undefined;
  const identities = Array.from({ length: count }, (_, index) => hostIdentity(index));
  const volumes = identities.map((identity) => volumeOf(identity, tags, rest.volume?.attached));
  const describe = (identity: HostIdentity) =>
    newHost(identity, tags, () => roleCredentials(deployer), rest.volume);
  const [first, ...others] = identities.map(describe);
  const database = rest.database ?? false;
  const surroundings = await Surroundings.create(
    {
      image,
      hosts: [first!, ...others],
      registryName,
      awsNames,
      notifyUrl,
      registryFault: rest.registryFault,
      database,
      signal,
    },
    cleanUp,
  );
  const { registryUrl } = surroundings;
  const isValidPassword: PasswordCheck = (...asked) => mayUseRegistry(deployer!, ...asked);
  const { checkouts } = rest;
  const aws: RequestListener = (...exchange) => deployer!.wire.handle(...exchange);
  const registry = createRegistryFront(registryUrl, isValidPassword);
  const builder =
    checkouts &&
    (await Builder.create({ aws, registryName, registry, checkouts, progress, signal }, cleanUp));
  const hosts = surroundings.hosts as [RealHost, ...RealHost[]];
  const targetOf = ({ address }: RealHost) => ({
    host: address,
    port: 80,
    hostHeader: hostHeaderFor(serverNames),
  });

  return {
    kind: 'real',
    hosts,
    targetOf,
    database: surroundings.database,
    registryUrl,
    registryName,
    builder,
    identityProviders: builder && [builder.github],
    pushed: (digest, tag) => pushes.seen(digest, tag),
    volumes,
    parameters: {
      DockerRepositoryUrl: `http://${packageHostName}/docker`,
      DockerDebKeyFingerprint: image.dockerKeyFingerprint,
    },
    images(events) {
      const records = new ImageRecords();
      pushes.handler = registryNotifications(events, (push) => pushes.note(push), records);
      return registryImages(registryUrl, records, events);
    },
    async connect(running) {
      deployer = running;
      await surroundings.open(running.wire.handle, isValidPassword);
    },
    async addHost() {
      const identity = hostIdentity(hosts.length);
      volumes.push(volumeOf(identity, tags, rest.volume?.attached));
      return surroundings.addHost(describe(identity));
    },
    async push(spec: ImageSpec, repository: string, tag = spec.buildVersion) {
      const built = await buildImage(spec);
      await pushImage({ image: built, registry: registryUrl, repository, tag });
      return { digest: built.digest, at: await pushes.seen(built.digest, tag) };
    },
    serving: (host = hosts[0]) => askVersion(targetOf(host as RealHost)),
    close: () => cleanUp.run(),
  };
}
