import type { ImageSource } from './ecr-images.ts';
import type { ImageId } from './ecr-lookup.ts';
import type { ListedImage } from './ecr-records.ts';

type Deleted = { readonly imageIds: ImageId[] } | { readonly failure: object };

/**
 * An entry of BatchDeleteImage: a digest takes the image with all its tags; a tag is only removed, unless it is the image's
 * last: then the image goes too. Source: Amazon ECR API reference, BatchDeleteImage.
 */
export async function deleteImage(images: ImageSource, repository: string, id: ImageId): Promise<Deleted> {
  const failure = (failureCode: string, failureReason: string) => ({
    failure: { imageId: id, failureCode, failureReason },
  });
  if (id.imageDigest === undefined && id.imageTag === undefined)
    return failure('MissingDigestAndTag', 'Invalid request parameters');
  const listed = await images.list(repository);
  const image = listed.find(({ digest, tags }) =>
    id.imageDigest ? digest === id.imageDigest : tags.includes(id.imageTag!),
  );
  if (!image) return failure('ImageNotFound', 'Requested image not found');
  if (id.imageTag !== undefined && !image.tags.includes(id.imageTag))
    return failure('ImageTagDoesNotMatchDigest', 'Tag does not match digest');
  if (id.imageTag !== undefined && image.tags.length > 1) {
    await images.untag(repository, id.imageTag);
    return { imageIds: [{ imageDigest: image.digest, imageTag: id.imageTag }] };
  }
  if (await isReferenced(images, repository, image.digest, listed))
    return failure('ImageReferencedByManifestList', 'Requested image referenced by manifest list');
  await images.remove(repository, image);
  return { imageIds: idsOf(image) };
}

const idsOf = ({ digest, tags }: ListedImage): ImageId[] =>
  tags.length === 0 ? [{ imageDigest: digest }] : tags.map((imageTag) => ({ imageDigest: digest, imageTag }));

async function isReferenced(
  images: ImageSource,
  repository: string,
  digest: string,
  listed: readonly ListedImage[],
): Promise<boolean> {
  const indexes = listed.filter(({ mediaType }) => /index|manifest\.list/.test(mediaType));
  const manifests = await Promise.all(indexes.map((index) => images.manifest(repository, index.digest)));
  return manifests.some((manifest) => {
    const { manifests: children = [] } = JSON.parse(manifest?.body ?? '{}') as {
      manifests?: { digest: string }[];
    };
    return children.some((child) => child.digest === digest);
  });
}
