import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeployedStack } from '../assembly-types.ts';
import type { Clock } from '../clock.ts';
import { deleteImage } from './ecr-delete.ts';
import { describeImages } from './ecr-describe.ts';
import { lookUpImage, type ImageId } from './ecr-lookup.ts';
import { Downloads } from './ecr-downloads.ts';
import type { ImageSource } from './ecr-images.ts';
import { RegistryPasswords } from './ecr-tokens.ts';
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

export function createEcr(options: EcrOptions): EcrService {
  return new RehearsalEcr(options);
}

class RehearsalEcr implements EcrService {
  readonly name = 'ecr';
  readonly #options: EcrOptions;
  readonly #repositories: ReadonlySet<string>;
  readonly #passwords: RegistryPasswords;
  readonly #downloads: Downloads;

  constructor(options: EcrOptions) {
    const own = options.stack.resources.filter(({ type }) => type === 'AWS::ECR::Repository');
    this.#options = options;
    this.#passwords = new RegistryPasswords(options.clock);
    this.#downloads = new Downloads(options.images);
    this.#repositories = new Set([...own.map(({ ref }) => ref), ...(options.importedRepositories ?? [])]);
  }

  async handle(action: string, input: Input, caller: Caller): Promise<unknown> {
    if (action === 'GetAuthorizationToken') return this.#authorizationToken(input, caller);
    if (action === 'BatchGetImage') return this.#batchGetImage(input);
    if (action === 'GetDownloadUrlForLayer') return this.#downloadUrlForLayer(input);
    if (action === 'DescribeRepositories') return this.#describeRepositories(input);
    if (action === 'DescribeImages') return this.#describeImages(input);
    if (action === 'BatchDeleteImage') return this.#batchDeleteImage(input);
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

  checkPassword = (password: string) => this.#passwords.check(password);
  serveLayer = (request: IncomingMessage, response: ServerResponse) =>
    this.#downloads.serve(request, response);

  #authorizationToken(input: Input, { principal }: Caller): unknown {
    refuseOthers('GetAuthorizationToken', input, ['registryIds']);
    const { account, region } = this.#options.stack;
    const { password, expiresAt } = this.#passwords.issue(principal);
    return {
      authorizationData: [
        {
          authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
          expiresAt,
          proxyEndpoint: `https://${account}.dkr.ecr.${region}.amazonaws.com`,
        },
      ],
    };
  }

  async #batchGetImage(input: Input): Promise<unknown> {
    refuseOthers('BatchGetImage', input, ['repositoryName', 'registryId', 'imageIds', 'acceptedMediaTypes']);
    const repository = this.#repository(input);
    const { images, stack } = this.#options;
    const acceptable = list(input, 'acceptedMediaTypes');
    const wanted = imageIds(input);
    const found = await Promise.all(
      wanted.map((id) => lookUpImage(images, stack.account, repository, id, acceptable)),
    );
    return {
      images: found.flatMap((result) => ('image' in result ? [result.image] : [])),
      failures: found.flatMap((result) => ('failure' in result ? [result.failure] : [])),
    };
  }

  async #downloadUrlForLayer(input: Input): Promise<unknown> {
    refuseOthers('GetDownloadUrlForLayer', input, ['repositoryName', 'registryId', 'layerDigest']);
    const repository = this.#repository(input);
    const digest = text(input, 'layerDigest');
    if (!(await this.#options.images.hasBlob(repository, digest)))
      throw new AwsError('LayersNotFoundException', `The layer with digest ${digest} does not exist`);
    const path = this.#downloads.pathTo(repository, digest);
    return { downloadUrl: `${this.#options.downloadUrl()}${path}`, layerDigest: digest };
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
    const known = ['repositoryName', 'registryId', 'imageIds', 'filter', 'nextToken', 'maxResults'];
    refuseOthers('DescribeImages', input, known);
    const { images, stack } = this.#options;
    return describeImages(await images.list(this.#repository(input)), input, stack.account);
  }

  async #batchDeleteImage(input: Input): Promise<unknown> {
    refuseOthers('BatchDeleteImage', input, ['repositoryName', 'registryId', 'imageIds']);
    const repository = this.#repository(input);
    const ids = imageIds(input);
    const answer = { imageIds: [] as ImageId[], failures: [] as object[] };
    for (const id of ids) {
      const deleted = await deleteImage(this.#options.images, repository, id);
      if ('failure' in deleted) answer.failures.push(deleted.failure);
      else answer.imageIds.push(...deleted.imageIds);
    }
    return answer;
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

/** Of BatchGetImage and BatchDeleteImage. Source: Amazon ECR API reference. */
function imageIds(input: Input): ImageId[] {
  const ids = list<ImageId>(input, 'imageIds');
  if (ids.length > 0 && ids.length <= 100) return ids;
  throw new AwsError('InvalidParameterException', `imageIds must have 1 to 100 entries, not ${ids.length}`);
}
