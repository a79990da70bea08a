import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeployedStack } from '../assembly-types.ts';
import type { Clock } from '../clock.ts';
import type { ImageSource } from './ecr-images.ts';
import { list, refuseOthers, text } from './input.ts';
import { AwsError, refuse, type Caller, type PermissionCheck, type WireService } from './service.ts';

export interface EcrOptions {
  readonly stack: DeployedStack;
  readonly images: ImageSource;
  readonly clock: Clock;
  /** Repositories that were there before the stack. */
  readonly importedRepositories?: readonly string[];
  /** Where a caller reaches `serveLayer`: the endpoint's own URL. */
  readonly downloadUrl: () => string;
}

export interface EcrService extends WireService {
  /** Whether a registry password was handed out, to whom, and is still good: for the front of the registry. */
  checkPassword(password: string): { readonly principal: string } | undefined;
  /** A route of the endpoint: what GetDownloadUrlForLayer points to. */
  serveLayer(request: IncomingMessage, response: ServerResponse): boolean;
}

type Input = Record<string, unknown>;
const hours12 = 12 * 3_600_000;

export function createEcr(options: EcrOptions): EcrService {
  return new RehearsalEcr(options);
}

class RehearsalEcr implements EcrService {
  readonly name = 'ecr';
  readonly #options: EcrOptions;
  readonly #repositories: ReadonlySet<string>;
  readonly #passwords = new Map<string, { principal: string; expiresAt: number }>();
  readonly #downloads = new Map<string, { repository: string; digest: string }>();

  constructor(options: EcrOptions) {
    const own = options.stack.resources.filter(({ type }) => type === 'AWS::ECR::Repository');
    this.#options = options;
    this.#repositories = new Set([...own.map(({ ref }) => ref), ...(options.importedRepositories ?? [])]);
  }

  async handle(action: string, input: Input, caller: Caller): Promise<unknown> {
    if (action === 'GetAuthorizationToken') return this.#authorizationToken(input, caller);
    if (action === 'BatchGetImage') return this.#batchGetImage(input);
    if (action === 'GetDownloadUrlForLayer') return this.#downloadUrlForLayer(input);
    if (action === 'DescribeRepositories') return this.#describeRepositories(input);
    if (action === 'DescribeImages') return this.#describeImages(input);
    return refuse('ecr', action);
  }

  /** Source: Service Authorization Reference, "Amazon Elastic Container Registry". */
  permissions(action: string, input: Input): PermissionCheck[] {
    const { region, account } = this.#options.stack;
    const repository = typeof input.repositoryName === 'string' ? input.repositoryName : undefined;
    const names = repository === undefined ? list(input, 'repositoryNames') : [repository];
    if (action === 'GetAuthorizationToken') return [{ action: `ecr:${action}`, resource: '*' }];
    const arns = (names.length > 0 ? names : ['*']).map(
      (name) => `arn:aws:ecr:${region}:${account}:repository/${name}`,
    );
    return arns.map((resource) => ({ action: `ecr:${action}`, resource }));
  }

  checkPassword(password: string) {
    const found = this.#passwords.get(password);
    return found && found.expiresAt > this.#options.clock.now() ? { principal: found.principal } : undefined;
  }

  serveLayer(request: IncomingMessage, response: ServerResponse): boolean {
    const [, token] = /^\/layers\/([0-9a-f]+)$/.exec(request.url ?? '') ?? [];
    if (token === undefined) return false;
    void this.#sendLayer(token, response);
    return true;
  }

  async #sendLayer(token: string, response: ServerResponse): Promise<void> {
    const download = this.#downloads.get(token);
    const blob = download && (await this.#options.images.blob(download.repository, download.digest));
    if (blob) response.writeHead(200, { 'content-length': blob.length }).end(blob);
    else response.writeHead(403).end('AccessDenied');
  }

  #authorizationToken(input: Input, { principal }: Caller): unknown {
    refuseOthers('GetAuthorizationToken', input, ['registryIds']);
    const { stack, clock } = this.#options;
    const password = randomBytes(48).toString('base64url');
    const expiresAt = clock.now() + hours12;
    this.#passwords.set(password, { principal, expiresAt });
    return {
      authorizationData: [
        {
          authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
          expiresAt: new Date(expiresAt),
          proxyEndpoint: `https://${stack.account}.dkr.ecr.${stack.region}.amazonaws.com`,
        },
      ],
    };
  }

  async #batchGetImage(input: Input): Promise<unknown> {
    refuseOthers('BatchGetImage', input, ['repositoryName', 'registryId', 'imageIds', 'acceptedMediaTypes']);
    const repository = this.#repository(input);
    const acceptable = list(input, 'acceptedMediaTypes');
    const wanted = list<{ imageTag?: string; imageDigest?: string }>(input, 'imageIds');
    const found = await Promise.all(wanted.map((id) => this.#image(repository, id, acceptable)));
    return {
      images: found.flatMap((result) => ('image' in result ? [result.image] : [])),
      failures: found.flatMap((result) => ('failure' in result ? [result.failure] : [])),
    };
  }

  async #image(
    repository: string,
    id: { imageTag?: string; imageDigest?: string },
    acceptable: readonly string[],
  ) {
    const failure = (failureCode: string, failureReason: string) => ({
      failure: { imageId: id, failureCode, failureReason },
    });
    const reference = id.imageDigest ?? id.imageTag;
    if (reference === undefined) return failure('MissingDigestAndTag', 'Invalid request parameters');
    if (id.imageTag !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(id.imageTag))
      return failure('InvalidImageTag', 'Invalid image tag');
    const manifest = await this.#options.images.manifest(repository, reference);
    if (!manifest || (acceptable.length > 0 && !acceptable.includes(manifest.mediaType)))
      return failure('ImageNotFound', 'Requested image not found');
    return {
      image: {
        registryId: this.#options.stack.account,
        repositoryName: repository,
        imageId: { imageDigest: manifest.digest, ...(id.imageTag && { imageTag: id.imageTag }) },
        imageManifest: manifest.body,
        imageManifestMediaType: manifest.mediaType,
      },
    };
  }

  async #downloadUrlForLayer(input: Input): Promise<unknown> {
    refuseOthers('GetDownloadUrlForLayer', input, ['repositoryName', 'registryId', 'layerDigest']);
    const repository = this.#repository(input);
    const digest = text(input, 'layerDigest');
    if (!(await this.#options.images.blob(repository, digest)))
      throw new AwsError('LayersNotFoundException', `The layer with digest ${digest} does not exist`);
    const token = randomBytes(24).toString('hex');
    this.#downloads.set(token, { repository, digest });
    return { downloadUrl: `${this.#options.downloadUrl()}/layers/${token}`, layerDigest: digest };
  }

  #describeRepositories(input: Input): unknown {
    refuseOthers('DescribeRepositories', input, ['repositoryNames', 'registryId', 'maxResults']);
    const names = list(input, 'repositoryNames');
    for (const name of names) this.#repository({ repositoryName: name });
    const { account, region } = this.#options.stack;
    return {
      repositories: (names.length > 0 ? names : [...this.#repositories]).map((repositoryName) => ({
        repositoryName,
        registryId: account,
        repositoryArn: `arn:aws:ecr:${region}:${account}:repository/${repositoryName}`,
        repositoryUri: `${account}.dkr.ecr.${region}.amazonaws.com/${repositoryName}`,
      })),
    };
  }

  async #describeImages(input: Input): Promise<unknown> {
    refuseOthers('DescribeImages', input, ['repositoryName', 'registryId', 'maxResults']);
    const repository = this.#repository(input);
    const { images, stack } = this.#options;
    const tags = await images.tags(repository);
    const details = await Promise.all(
      tags.map(async (tag) => ({ tag, manifest: await images.manifest(repository, tag) })),
    );
    return {
      imageDetails: details.map(({ tag, manifest }) => ({
        registryId: stack.account,
        repositoryName: repository,
        imageDigest: manifest?.digest,
        imageTags: [tag],
        imageManifestMediaType: manifest?.mediaType,
      })),
    };
  }

  #repository(input: Input): string {
    const name = text(input, 'repositoryName');
    if (this.#repositories.has(name)) return name;
    throw new AwsError(
      'RepositoryNotFoundException',
      `The repository with name '${name}' does not exist in the registry with id '${this.#options.stack.account}'`,
    );
  }
}
