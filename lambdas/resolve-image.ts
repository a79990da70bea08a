import {
  BatchGetImageCommand,
  ECRClient,
  GetDownloadUrlForLayerCommand,
  RepositoryNotFoundException,
  type Image,
} from '@aws-sdk/client-ecr';
import type { AppSettings } from '../contracts/app-settings.ts';
import { imageArchitectures, type Architecture } from '../contracts/architecture.ts';
import { Failure } from '../contracts/failure.ts';
import type { ImagePlan } from '../contracts/plan.ts';
import type { DeploymentRequest } from '../contracts/request.ts';
import { environment } from './lib/clients.ts';
import {
  imageConfig,
  imageManifest,
  manifestMediaTypes,
  type ImageConfig,
  type ImageManifest,
} from './lib/oci.ts';
import { readApps } from './lib/settings.ts';

export interface ResolveInput {
  readonly request: DeploymentRequest;
  readonly lease: { readonly deploymentId: string; readonly fence: number };
}

/** What a push named by digest, or what the tag means now; with the architectures and size that the hosts must suit. */
export async function resolveImage(
  request: DeploymentRequest,
  apps: AppSettings[],
  ecr: ECRClient,
  registry: string,
): Promise<ImagePlan> {
  const app = apps.find(({ name }) => name === request.app);
  if (!app)
    throw new Failure(
      'unknown-app',
      `app ${request.app} is not configured: add it to edgepaas.config.ts and deploy`,
    );
  const repository = app.repository.name;
  const image = await findImage(repository, request, ecr);
  const manifests = await manifestsOf(image, repository, ecr);
  const configs = await Promise.all(manifests.map((manifest) => configOf(manifest, repository, ecr)));
  configs.forEach((config) => refuseNotRunnable(config, `${repository}:${request.buildVersion}`));
  return {
    buildVersion: request.buildVersion,
    digest: image.imageId!.imageDigest!,
    repositoryUri: `${registry}/${repository}`,
    compressedBytes: Math.max(...manifests.map(sizeOf)),
    architectures: architecturesOf(configs, request.buildVersion),
  };
}

async function findImage(
  repository: string,
  { buildVersion, digest }: DeploymentRequest,
  ecr: ECRClient,
): Promise<Image> {
  const [image] = await getImages(
    repository,
    [digest ? { imageDigest: digest } : { imageTag: buildVersion }],
    ecr,
  );
  if (image) return image;
  throw new Failure(
    'image-not-found',
    digest
      ? `repository ${repository} has no image ${digest} any more, which ${buildVersion} meant: it was deleted. Push it again, or deploy another tag`
      : `repository ${repository} has no image ${buildVersion}: push it, or check the tag`,
  );
}

async function getImages(
  repositoryName: string,
  imageIds: { imageDigest?: string; imageTag?: string }[],
  ecr: ECRClient,
): Promise<Image[]> {
  try {
    const { images } = await ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds, acceptedMediaTypes: [...manifestMediaTypes] }),
    );
    return images ?? [];
  } catch (error) {
    if (!(error instanceof RepositoryNotFoundException)) throw error;
    throw new Failure(
      'image-not-found',
      `there is no repository ${repositoryName}: create it, or correct apps/…/repository`,
      { cause: error },
    );
  }
}

/** The image itself, or the images of an index; entries for no platform are attestations. */
async function manifestsOf(image: Image, repository: string, ecr: ECRClient): Promise<ImageManifest[]> {
  const manifest = parseManifest(image);
  if (!manifest.manifests) return [manifest];
  const children = manifest.manifests.filter(({ platform }) => platform?.os === 'linux');
  const ids = children.map(({ digest }) => ({ imageDigest: digest }));
  const images = ids.length === 0 ? [] : await getImages(repository, ids, ecr);
  if (images.length === 0)
    throw notRunnable(
      image.imageId?.imageTag ?? image.imageId!.imageDigest!,
      'its index names no Linux image',
    );
  return images.map(parseManifest);
}

function parseManifest(image: Image): ImageManifest {
  const parsed = imageManifest.safeParse(JSON.parse(image.imageManifest ?? '{}'));
  if (parsed.success) return parsed.data;
  throw notRunnable(image.imageId!.imageDigest!, 'its manifest is neither an image nor an index');
}

async function configOf(
  manifest: ImageManifest,
  repositoryName: string,
  ecr: ECRClient,
): Promise<ImageConfig> {
  if (!manifest.config) throw notRunnable(repositoryName, 'its index names another index');
  const { digest, mediaType } = manifest.config;
  if (!/^application\/vnd\.(docker\.container\.image|oci\.image\.config)\.v1\+json$/.test(mediaType))
    throw notRunnable(digest, `it is ${mediaType}, not a container image`);
  const { downloadUrl } = await ecr.send(
    new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: digest }),
  );
  const response = await fetch(downloadUrl!);
  if (!response.ok) throw new Error(`GET of the image's config ${digest} answered ${response.status}`);
  const config = imageConfig.safeParse(await response.json());
  if (config.success) return config.data;
  throw notRunnable(digest, 'its config says neither system nor architecture');
}

function refuseNotRunnable({ config, os }: ImageConfig, name: string): void {
  if (os !== 'linux') throw notRunnable(name, `it is built for ${os}, not for Linux`);
  if (config?.Entrypoint?.length || config?.Cmd?.length) return;
  throw notRunnable(name, 'it has neither ENTRYPOINT nor CMD');
}

const notRunnable = (image: string, why: string) =>
  new Failure(
    'image-not-runnable',
    `${image} cannot be run: ${why}. Push a container image that keeps the image contract`,
  );

const sizeOf = (manifest: ImageManifest) =>
  (manifest.layers ?? []).reduce((total, { size }) => total + size, 0);

function architecturesOf(configs: ImageConfig[], buildVersion: string): Architecture[] {
  const built = configs.map(({ architecture }) => architecture);
  const known = (Object.keys(imageArchitectures) as Architecture[]).filter((name) =>
    built.includes(imageArchitectures[name]),
  );
  if (known.length > 0) return known;
  throw new Failure(
    'image-architecture-mismatch',
    `${buildVersion} is built for ${built.join(', ')}; EC2 hosts are amd64 or arm64: build for those`,
  );
}

let ecr: ECRClient | undefined;
let apps: AppSettings[] | undefined;
export const handler = async ({ request, lease }: ResolveInput) => ({
  request,
  lease,
  image: await resolveImage(
    request,
    (apps ??= readApps()),
    (ecr ??= new ECRClient({})),
    environment('REGISTRY'),
  ),
});
