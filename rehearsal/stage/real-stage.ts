import { once } from 'node:events';
import { createServer as createHttpServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsError } from '../aws/service.ts';
import { registryNotifications, type Push } from '../aws/ecr-events.ts';
import { registryImages } from '../aws/ecr-images.ts';
import { ensureBaseImage, type Progress } from '../cache/ensure-base-image.ts';
import { account, region, type Deployer } from '../deployer.ts';
import { createCertificateAuthority } from '../host/real/certificate-authority.ts';
import { startGatewayFront } from '../host/real/gateway-front.ts';
import { startPackageHost } from '../host/real/package-host.ts';
import { RealHost } from '../host/real/real-host.ts';
import { startRegistry } from '../host/real/registry.ts';
import { createRegistryFront, type Pull } from '../host/real/registry-front.ts';
import { packageHostName } from '../host/real/seed.ts';
import type { VolumeOptions } from '../host/real/host-options.ts';
import { buildImage } from '../images/build-image.ts';
import type { ImageSpec } from '../images/image.ts';
import { pushImage } from '../images/push-image.ts';
import { CleanUp } from './clean-up.ts';
import {
  availabilityZone,
  hostRoleArn,
  hostRoleName,
  instanceId,
  volumeId,
  hostHeaderFor,
  type Stage,
  type StageTags,
  type Target,
} from './stage.ts';

const registryName = `${account}.dkr.ecr.${region}.amazonaws.com`;
/** What a host calls AWS by: /etc/hosts leads these to the gateway, where the rehearsal's own authority vouches for them. */
const awsNames = [`ssm.${region}.amazonaws.com`, `api.ecr.${region}.amazonaws.com`];

export interface RealStageOptions {
  readonly tags: StageTags;
  readonly progress?: Progress;
  /** Names that the app answers to; clients ask for the first. */
  readonly serverNames?: readonly string[];
  /** Gives up what has been begun, and undoes it. */
  readonly signal?: AbortSignal;
  readonly volume?: Partial<VolumeOptions>;
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
  /** Where any client may push. */
  readonly registryUrl: string;
  /** A login for the registry as the host's own role gets it, for measuring by hand. */
  readonly registryName: string;
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
  const registry = await startRegistry(image.folder, notifyUrl);
  cleanUp.add(() => registry.close());
  const authority = await createCertificateAuthority(image.folder, [registryName, ...awsNames]);
  let deployer: Deployer | undefined;
  const host = await RealHost.create(image, {
    instanceId,
    region,
    availabilityZone,
    accountId: account,
    tags: tags.host,
    volume: { volumeId, sizeGiB: 8, content: 'blank', attached: false, ...rest.volume },
    extraHosts: Object.fromEntries([registryName, ...awsNames].map((name) => [name, null])),
    trustedAuthority: authority.authority,
    instanceProfile: { roleName: hostRoleName, credentials: () => roleCredentials(deployer) },
  });
  cleanUp.add(() => host.destroy());
  signal?.throwIfAborted();
  const packages = await startPackageHost(image.packages, host.gatewayAddress);
  cleanUp.add(() => close(packages));
  const target = { host: host.address, port: 80, hostHeader: hostHeaderFor(serverNames) };

  return {
    kind: 'real',
    host,
    target,
    registryUrl: registry.url,
    registryName,
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
      pushes.handler = registryNotifications(events, (push) => pushes.note(push));
      return registryImages(registry.url);
    },
    async connect(running) {
      deployer = running;
      const aws = Object.fromEntries(awsNames.map((name) => [name, running.wire.handle]));
      const front = createRegistryFront(registry.url, (password, pull) => mayPull(running, password, pull));
      const gateway = await startGatewayFront(host.gatewayAddress, authority.server, {
        ...aws,
        [registryName]: front,
      });
      cleanUp.add(() => close(gateway));
    },
    async push(spec: ImageSpec, repository: string, tag = spec.buildVersion) {
      const built = await buildImage(spec);
      await pushImage({ image: built, registry: registry.url, repository, tag });
      return { digest: built.digest, at: await pushes.seen(built.digest, tag) };
    },
    serving: () => askVersion(target),
    close: () => cleanUp.run(),
  };
}

/** As ECR: the password says who asks, and IAM whether they may. */
function mayPull({ ecr, authorize }: Deployer, password: string, pull: Pull | undefined): boolean | 'denied' {
  const caller = ecr.checkPassword(password);
  if (!caller || !pull) return caller !== undefined;
  const resource = `arn:aws:ecr:${region}:${account}:repository/${pull.repository}`;
  try {
    authorize(caller.principal, [{ action: pull.action, resource }]);
    return true;
  } catch (error) {
    if (error instanceof AwsError) return 'denied';
    throw error;
  }
}

function roleCredentials(deployer: Deployer | undefined) {
  if (!deployer) throw new Error('the host asked for credentials before AWS was there');
  const {
    accessKeyId,
    secretAccessKey,
    sessionToken = '',
  } = deployer.credentials.credentialsFor(hostRoleArn);
  const expiration = new Date(Date.now() + 6 * 3_600_000).toISOString();
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: expiration,
  };
}

/** Hears what the registry reports, and remembers when it did. */
class PushListener {
  handler: ReturnType<typeof registryNotifications> | undefined;
  readonly #server: Server = createHttpServer((request, response) => this.handler?.(request, response));
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Map<string, (at: number) => void>();

  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  note({ digest, tag }: Push): void {
    const at = Date.now();
    this.#seen.set(`${tag}@${digest}`, at);
    this.#waiting.get(`${tag}@${digest}`)?.(at);
  }

  /** The latest time at which this push was reported. */
  async seen(digest: string, tag: string): Promise<number> {
    const key = `${tag}@${digest}`;
    const at =
      this.#seen.get(key) ?? (await new Promise<number>((resolve) => this.#waiting.set(key, resolve)));
    this.#seen.delete(key);
    this.#waiting.delete(key);
    return at;
  }

  close = () => close(this.#server);
}

async function close(server: Server | import('node:https').Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** The X-Build-Version that `/` answers with through port 80, or its status without one. */
function askVersion({ host, port, hostHeader }: Target): Promise<string> {
  const headers = hostHeader ? { Host: hostHeader } : {};
  return new Promise((resolve) => {
    const request = get({ host, port, headers, path: '/', agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(String(response.headers['x-build-version'] ?? `status ${response.statusCode}`));
    });
    request.once('timeout', () => request.destroy(new Error('no answer within 5 s')));
    request.once('error', (error) => resolve(`nothing (${error.message})`));
  });
}
