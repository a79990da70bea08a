import type { ImageId } from './ecr-lookup.ts';
import type { ListedImage } from './ecr-records.ts';
import { list, optionalNumber, optionalText, page } from './input.ts';
import { AwsError } from './service.ts';

type Input = Record<string, unknown>;

/** What DescribeImages answers: all images or those that are asked for, by their tags or digests. */
export function describeImages(listed: readonly ListedImage[], input: Input, registryId: string) {
  const repositoryName = optionalText(input, 'repositoryName')!;
  const ids = list<ImageId>(input, 'imageIds');
  const wanted =
    ids.length > 0
      ? [...new Set(ids.map((id) => findImage(listed, id, repositoryName, registryId)))]
      : listed.filter(statusFilter(input));
  const size = optionalNumber(input, 'maxResults') ?? 100;
  const { items, NextToken } = page(wanted, optionalText(input, 'nextToken'), size);
  const imageDetails = items.map(({ digest, mediaType, tags, pushedAt }) => ({
    registryId,
    repositoryName,
    imageDigest: digest,
    ...(tags.length > 0 && { imageTags: tags }),
    imagePushedAt: new Date(pushedAt),
    imageManifestMediaType: mediaType,
  }));
  return { imageDetails, ...(NextToken && { nextToken: NextToken }) };
}

function findImage(
  listed: readonly ListedImage[],
  { imageDigest, imageTag }: ImageId,
  repository: string,
  registryId: string,
): ListedImage {
  const found = listed.find(
    ({ digest, tags }) =>
      (imageDigest === undefined || digest === imageDigest) &&
      (imageTag === undefined || tags.includes(imageTag)),
  );
  if (found) return found;
  throw new AwsError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${imageDigest ?? null}', imageTag:'${imageTag ?? null}'} does not exist within the repository with name '${repository}' in the registry with id '${registryId}'`,
  );
}

function statusFilter({ filter }: Input): (image: ListedImage) => boolean {
  const { tagStatus = 'ANY', ...others } = (filter ?? {}) as { tagStatus?: string };
  if (Object.keys(others).length > 0 || !['ANY', 'TAGGED', 'UNTAGGED'].includes(tagStatus))
    throw new AwsError(
      'RehearsalNotSupported',
      `The rehearsal's DescribeImages does not know the filter ${JSON.stringify(filter)}: see rehearsal/SUPPORTED.md`,
      501,
    );
  return ({ tags }) => tagStatus === 'ANY' || (tagStatus === 'TAGGED') === tags.length > 0;
}
