import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  paginateDescribeImages,
  type ECRClient,
  type ImageDetail,
  type ImageFailure,
} from '@aws-sdk/client-ecr';
import type { RepositoryImage } from './decide-expiry.ts';
import { imageManifest, manifestMediaTypes, type ImageManifest } from './oci.ts';

/** The most that BatchGetImage and BatchDeleteImage take. */
export const batchSize = 100;

/** All images of a repository, without a tag too, with what each refers to. */
export async function listImages(repositoryName: string, ecr: ECRClient): Promise<RepositoryImage[]> {
  const details: ImageDetail[] = [];
  for await (const page of paginateDescribeImages({ client: ecr, pageSize: 1000 }, { repositoryName }))
    details.push(...(page.imageDetails ?? []));
  const manifests = await readManifests(
    details.map(({ imageDigest }) => imageDigest!),
    repositoryName,
    ecr,
  );
  return details.map((detail) => toImage(detail, manifests.get(detail.imageDigest!)));
}

const toImage = (detail: ImageDetail, manifest: ImageManifest | undefined): RepositoryImage => ({
  digest: detail.imageDigest!,
  tags: detail.imageTags ?? [],
  pushedAt: detail.imagePushedAt!.getTime(),
  children: (manifest?.manifests ?? []).map(({ digest }) => digest),
  ...(manifest ? { subject: manifest.subject?.digest } : { unreadable: true }),
});

async function readManifests(
  digests: readonly string[],
  repositoryName: string,
  ecr: ECRClient,
): Promise<Map<string, ImageManifest>> {
  const manifests = new Map<string, ImageManifest>();
  for (const batch of inBatches(digests)) {
    const imageIds = batch.map((imageDigest) => ({ imageDigest }));
    const { images = [] } = await ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds, acceptedMediaTypes: [...manifestMediaTypes] }),
    );
    for (const image of images) {
      const parsed = imageManifest.safeParse(JSON.parse(image.imageManifest ?? '{}'));
      if (parsed.success) manifests.set(image.imageId!.imageDigest!, parsed.data);
    }
  }
  return manifests;
}

export interface Removed {
  readonly digests: ReadonlySet<string>;
  /** A sentence each. */
  readonly errors: readonly string[];
}

/** At most a hundred at once; one that is gone already is none that failed. */
export async function removeImages(
  images: readonly RepositoryImage[],
  repositoryName: string,
  ecr: ECRClient,
): Promise<Removed> {
  const { imageIds = [], failures = [] } = await ecr.send(
    new BatchDeleteImageCommand({
      repositoryName,
      imageIds: images.map(({ digest }) => ({ imageDigest: digest })),
    }),
  );
  return {
    digests: new Set(imageIds.map(({ imageDigest }) => imageDigest!)),
    errors: failures.filter(({ failureCode }) => failureCode !== 'ImageNotFound').map(describeFailure),
  };
}

const describeFailure = ({ imageId, failureCode, failureReason }: ImageFailure) =>
  `${imageId?.imageDigest} was not deleted: ${failureCode}, ${failureReason}`;

export const inBatches = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / batchSize) }, (_, batch) =>
    items.slice(batch * batchSize, (batch + 1) * batchSize),
  );
