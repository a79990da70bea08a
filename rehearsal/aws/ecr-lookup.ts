import type { ImageSource } from './ecr-images.ts';

export interface ImageId {
  readonly imageTag?: string;
  readonly imageDigest?: string;
}

/** An entry of BatchGetImage's answer: the image, or why there is none, which is no error. */
export async function lookUpImage(
  images: ImageSource,
  account: string,
  repository: string,
  id: ImageId,
  acceptable: readonly string[],
) {
  const failure = (failureCode: string, failureReason: string) => ({
    failure: { imageId: id, failureCode, failureReason },
  });
  const reference = id.imageDigest ?? id.imageTag;
  if (reference === undefined) return failure('MissingDigestAndTag', 'Invalid request parameters');
  if (id.imageTag !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(id.imageTag))
    return failure('InvalidImageTag', 'Invalid image tag');
  const manifest = await images.manifest(repository, reference);
  if (!manifest || (acceptable.length > 0 && !acceptable.includes(manifest.mediaType)))
    return failure('ImageNotFound', 'Requested image not found');
  return {
    image: {
      registryId: account,
      repositoryName: repository,
      imageId: { imageDigest: manifest.digest, ...(id.imageTag && { imageTag: id.imageTag }) },
      imageManifest: manifest.body,
      imageManifestMediaType: manifest.mediaType,
    },
  };
}
