import type { RequestListener } from 'node:http';
import { ensureBuilderRoot } from '../cache/builder-root.ts';
import type { BaseImage, Progress } from '../cache/ensure-base-image.ts';
import { systemClock } from '../clock.ts';
import { account, region } from '../deployer.ts';
import type { Job } from '../github/job.ts';
import { startTokenEndpoint, type TokenEndpoint } from '../github/token-endpoint.ts';
import { TokenIssuer } from '../github/token-issuer.ts';
import { createCertificateAuthority } from '../host/real/certificate-authority.ts';
import type { Ended } from '../host/real/enter-host.ts';
import { startGatewayFront, type NamedHandlers } from '../host/real/gateway-front.ts';
import { RealHost } from '../host/real/real-host.ts';
import { startRegistry } from '../host/real/registry.ts';
import type { CleanUp } from '../stage/clean-up.ts';
import { closeServer } from '../stage/close-server.ts';
import { baseImages, baseTag, publishBaseImages } from './base-images.ts';
import { createPublicFront } from './public-registry.ts';
import { serveSources } from './sources.ts';

export interface BuilderOptions {
  /** Answers under the names of AWS's services that a push needs. */
  readonly aws: RequestListener;
  readonly registryName: string;
  /** ECR's own front, as the hosts see it. */
  readonly registry: RequestListener;
  /** Repositories on the builder, and the folder of this one that each begins with. */
  readonly checkouts: Readonly<Record<string, string>>;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

const publicName = 'images.rehearsal.internal';
const sourcesName = 'sources.rehearsal.internal';
const awsNames = ['ssm', 'dynamodb', 'sts', 'api.ecr'].map((name) => `${name}.${region}.amazonaws.com`);
const bundle = '/etc/ssl/certs/ca-certificates.crt';

/** What each command finds, besides its own variables. */
const environment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  AWS_REGION: region,
  AWS_CA_BUNDLE: bundle,
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Seconds after which a command is killed, so that one that hangs is seen. */
const timeLimit = '300';

/**
 * A machine that builds images: a person's, or a runner's of some CI. It has a Docker engine of its own, git and the AWS CLI, no part
 * in the fleet, and reaches AWS, the registries and nothing else. Needs root.
 */
export class Builder {
  /** Signs the tokens of jobs that run here. */
  readonly github: TokenIssuer;
  readonly #host: RealHost;
  readonly #tokens: TokenEndpoint;

  private constructor(host: RealHost, github: TokenIssuer, tokens: TokenEndpoint) {
    this.#host = host;
    this.github = github;
    this.#tokens = tokens;
  }

  /** Each part is given to `cleanUp` as soon as it is there. */
  static async create(options: BuilderOptions, cleanUp: CleanUp): Promise<Builder> {
    const { registryName, progress, signal } = options;
    const image = await ensureBuilderRoot(progress, signal);
    const publicImages = await startPublicRegistry(image, options, cleanUp);
    const handlers: NamedHandlers = {
      ...Object.fromEntries(awsNames.map((name) => [name, options.aws])),
      [registryName]: options.registry,
      [publicName]: publicImages,
      [sourcesName]: serveSources,
    };
    const names = Object.keys(handlers);
    const authority = await createCertificateAuthority(image.folder, names);
    const host = await RealHost.create(image, describeHost(names, authority.authority));
    cleanUp.add(() => host.destroy());
    const gateway = await startGatewayFront(host.gatewayAddress, authority.server, handlers);
    cleanUp.add(() => closeServer(gateway));
    signal?.throwIfAborted();
    const github = new TokenIssuer(systemClock);
    const tokens = await startTokenEndpoint(github, host.gatewayAddress);
    cleanUp.add(() => tokens.close());
    const builder = new Builder(host, github, tokens);
    await builder.#fetchSources(options.checkouts);
    return builder;
  }

  /** Runs a line of shell in the folder of a checkout, to its end, whatever that is. */
  run(checkout: string, command: string, variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const line = ['timeout', timeLimit, 'sh', '-c', `cd "/srv/$0" && ${command}`, checkout];
    return this.#host.run(line, { ...environment, ...variables });
  }

  /** What a job on GitHub finds in its environment, to ask for a token. */
  tokenEnvironment = (job: Job): Record<string, string> => this.#tokens.environmentOf(job);

  /** Runs a line that must succeed, and gives its stdout. */
  async exec(checkout: string, command: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(checkout, command);
    if (exitCode !== 0)
      throw new Error(`${command}: exit code ${exitCode}: ${stderr.trim() || stdout.trim()}`);
    return stdout.trim();
  }

  /** Commits what a line of shell changes, or nothing at all, and gives the commit's SHA. */
  async commit(checkout: string, change = ':'): Promise<string> {
    const commit =
      "git add --all && git commit --quiet --allow-empty --message 'A change' && git rev-parse HEAD";
    return this.exec(checkout, `${change} && ${commit}`);
  }

  async #fetchSources(checkouts: Readonly<Record<string, string>>): Promise<void> {
    const fetched = (folder: string) =>
      `curl -sSf https://${sourcesName}/${folder} | tar -x --no-same-owner -C /srv/edgepaas`;
    const folders = [...Object.values(checkouts), 'actions'].map(fetched);
    const identity = [
      'user.name Builder',
      'user.email builder@rehearsal.internal',
      'init.defaultBranch main',
    ];
    const configure = identity.map((setting) => `git config --global ${setting}`);
    const clone = Object.entries(checkouts).map(
      ([name, folder]) => `cp -r edgepaas/${folder} ${name} && git -C ${name} init --quiet`,
    );
    const script = ['mkdir -p edgepaas', ...folders, ...configure, ...clone].join(' && ');
    await this.exec('.', script);
    for (const name of Object.keys(checkouts)) await this.commit(name);
  }
}

/** A base image's name for `--build-arg BASE_IMAGE=`. */
export const baseImageName = (name: keyof typeof baseImages) =>
  `${publicName}/${baseImages[name]}:${baseTag}`;

async function startPublicRegistry(
  image: BaseImage,
  { progress, signal }: BuilderOptions,
  cleanUp: CleanUp,
): Promise<RequestListener> {
  const registry = await startRegistry(image.folder);
  cleanUp.add(() => registry.close());
  await publishBaseImages(registry.url, image, progress, signal);
  return createPublicFront(registry.url);
}

function describeHost(names: readonly string[], authority: string) {
  return {
    instanceId: 'i-0ed9e0000000b01d0',
    region,
    availabilityZone: `${region}a`,
    accountId: account,
    tags: { Name: 'builder' },
    extraHosts: Object.fromEntries(names.map((name) => [name, null])),
    trustedAuthority: authority,
  };
}
