import { jsonBlob } from './blob.ts';
import { buildImage, describe } from './build-image.ts';
import type { Blob, Image, ImageArchitecture, ImageSpec } from './image.ts';
import { pushImage, type PushRequest } from './push-image.ts';

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
const indexMediaType = 'application/vnd.oci.image.index.v1+json';
const configMediaType = 'application/vnd.oci.image.config.v1+json';
const unknown = { architecture: 'unknown', os: 'unknown' };

export interface IndexImage {
  /** The index's: what its tag means. */
  readonly digest: string;
  readonly index: Image;
  /** An image for each architecture, then an attestation for each. */
  readonly children: readonly Image[];
}

/** What `docker buildx build --platform linux/amd64,linux/arm64` makes: buildx attests by itself how it built an image. */
export async function buildIndexImage(
  spec: ImageSpec,
  architectures: readonly ImageArchitecture[] = ['amd64', 'arm64'],
): Promise<IndexImage> {
  const images = await Promise.all(
    architectures.map((architecture) => buildImage({ ...spec, architecture })),
  );
  const attestations = images.map((image) => attest(image));
  const manifest = jsonBlob(indexMediaType, {
    schemaVersion: 2,
    mediaType: indexMediaType,
    manifests: [
      ...images.map((image) => entry(image, { architecture: image.spec.architecture!, os: 'linux' })),
      ...attestations.map((attestation, index) => ({
        ...entry(attestation, unknown),
        annotations: {
          'vnd.docker.reference.digest': images[index]!.digest,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
      })),
    ],
  });
  const { digest } = manifest;
  return { digest, index: { spec, digest, manifest, blobs: [] }, children: [...images, ...attestations] };
}

/** As buildx pushes: each part by its digest, then the index by its tag. */
export async function pushIndexImage(
  { digest, index, children }: IndexImage,
  to: Omit<PushRequest, 'image'>,
): Promise<{ readonly digest: string }> {
  // One after the other: both architectures have the same layers.
  for (const child of children) await pushImage({ ...to, image: child, tag: child.digest });
  await pushImage({ ...to, image: index });
  return { digest };
}

const entry = ({ manifest }: Image, platform: { architecture: string; os: string }) => ({
  ...describe(manifest),
  platform,
});

/** https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md */
function attest({ spec, digest }: Image): Image {
  const predicateType = 'https://slsa.dev/provenance/v0.2';
  const subject = [{ name: 'image', digest: { sha256: digest.slice('sha256:'.length) } }];
  const statement = jsonBlob('application/vnd.in-toto+json', {
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType,
    subject,
    predicate: {},
  });
  const rootfs = { type: 'layers', diff_ids: [statement.digest] };
  const config = jsonBlob(configMediaType, { ...unknown, config: {}, rootfs });
  const manifest: Blob = jsonBlob(manifestMediaType, {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: describe(config),
    layers: [{ ...describe(statement), annotations: { 'in-toto.io/predicate-type': predicateType } }],
  });
  return { spec, digest: manifest.digest, manifest, blobs: [config, statement] };
}
