import type { RequestListener } from 'node:http';
import { registryNotifications } from '../aws/ecr-events.ts';
import { registryImages } from '../aws/ecr-images.ts';
import { ImageRecords } from '../aws/ecr-records.ts';
import { Builder, type BuilderOptions } from '../builder/builder.ts';
import { ensureBaseImage, type Progress } from '../cache/ensure-base-image.ts';
import { account, region, type Deployer } from '../deployer.ts';
import type { RealHost } from '../host/real/real-host.ts';
import { packageHostName } from '../host/real/seed.ts';
import type { VolumeOptions } from '../host/real/host-options.ts';
import { createRegistryFront, type PasswordCheck } from '../host/real/registry-front.ts';
import { buildImage } from '../images/build-image.ts';
import type { ImageSpec } from '../images/image.ts';
import { pushImage } from '../images/push-image.ts';
import type { ManagedDatabase } from '../managed-database/managed-database.ts';
import { askVersion } from './ask-version.ts';
import { CleanUp } from './clean-up.ts';
import { mayUseRegistry, roleCredentials } from './host-role.ts';
import { PushListener } from './push-listener.ts';
import {
  availabilityZone,
  hostRoleName,
  instanceId,
  volumeId,
  hostHeaderFor,
  type Stage,
  type StageTags,
  type Target,
} from './stage.ts';
import { Surroundings } from './surroundings.ts';

const registryName = `${account}.dkr.ecr.${region}.amazonaws.com`;
const awsNames = [`ssm.${region}.amazonaws.com`, `api.ecr.${region}.amazonaws.com`];

export interface RealStageOptions {
  readonly tags: StageTags;
  readonly progress?: Progress;
  /** Names that the app answers to; clients ask for the first. */
  readonly serverNames?: readonly string[];
  /** Gives up what has been begun, and undoes it. */
  readonly signal?: AbortSignal;
  readonly volume?: Partial<VolumeOptions>;
  /** Whether there is a managed database, which hosts and containers reach. */
  readonly database?: boolean;
  /** What a machine that builds images has checked out, if there is one. */
  readonly checkouts?: BuilderOptions['checkouts'];
}

/** A bare host in namespaces, a registry, and AWS under its own names. Needs root. */
export async function createRealStage(options: RealStageOptions): Promise<RealStage> {
  const cleanUp = new CleanUp();
  try {
    return await assemble(options, cleanUp);
  } catch (error) {
    await cleanUp.run();
    throw error;
  }
}

export interface RealStage extends Stage {
  readonly kind: 'real';
  readonly host: RealHost;
  readonly target: Target;
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
  { tags, progress = () => {}, serverNames = [], signal, ...rest }: RealStageOptions,
  cleanUp: CleanUp,
): Promise<RealStage> {
  const image = await ensureBaseImage(progress, signal);
  progress('Starting a bare host, its registry and AWS at the wire');
  const pushes = new PushListener();
  const notifyUrl = await pushes.listen();
  cleanUp.add(() => pushes.close());
  let deployer: Deployer | undefined;
  const surroundings = await Surroundings.create(
    {
      image,
      host: {
        instanceId,
        region,
        availabilityZone,
        accountId: account,
        tags: tags.host,
        volume: { volumeId, sizeGiB: 8, content: 'blank', attached: false, ...rest.volume },
        instanceProfile: { roleName: hostRoleName, credentials: () => roleCredentials(deployer) },
      },
      registryName,
      awsNames,
      notifyUrl,
      database: rest.database ?? false,
      signal,
    },
    cleanUp,
  );
  const { host, database, registryUrl } = surroundings;
  const isValidPassword: PasswordCheck = (...asked) => mayUseRegistry(deployer!, ...asked);
  const { checkouts } = rest;
  const aws: RequestListener = (...exchange) => deployer!.wire.handle(...exchange);
  const registry = createRegistryFront(registryUrl, isValidPassword);
  const builder =
    checkouts &&
    (await Builder.create({ aws, registryName, registry, checkouts, progress, signal }, cleanUp));
  const target = { host: host.address, port: 80, hostHeader: hostHeaderFor(serverNames) };

  return {
    kind: 'real',
    host,
    target,
    database,
    registryUrl,
    registryName,
    builder,
    identityProviders: builder && [builder.github],
    pushed: (digest, tag) => pushes.seen(digest, tag),
    volumes: [
      {
        volumeId,
        availabilityZone,
        tags: tags.volume,
        ...(rest.volume?.attached && { attachedTo: instanceId }),
      },
    ],
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
    async push(spec: ImageSpec, repository: string, tag = spec.buildVersion) {
      const built = await buildImage(spec);
      await pushImage({ image: built, registry: registryUrl, repository, tag });
      return { digest: built.digest, at: await pushes.seen(built.digest, tag) };
    },
    serving: () => askVersion(target),
    close: () => cleanUp.run(),
  };
}
