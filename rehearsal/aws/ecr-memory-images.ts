import { createHash } from 'node:crypto';
import type { EventSink } from './event-bus.ts';
import type { ImageSource, StoredManifest } from './ecr-images.ts';
import { pushEvent } from './ecr-events.ts';

export interface PushedImage {
  readonly repository: string;
  /** Without a tag the event has none either. */
  readonly tag?: string;
  /** As GOARCH names it; amd64 unless said. */
  readonly architecture?: string;
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Compressed bytes of its one layer. */
  readonly layerBytes?: number;
}

export interface MemoryImages extends ImageSource {
  /** As `docker push`: returns the digest, and publishes the event. */
  push(image: PushedImage): string;
}

const configType = 'application/vnd.oci.image.config.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** Images in memory, for a simulated host: manifests and configs are real, layers are only described. */
export function memoryImages(events: EventSink): MemoryImages {
  const manifests = new Map<string, StoredManifest>();
  const tags = new Map<string, string>();
  const blobs = new Map<string, Uint8Array>();
  const key = (repository: string, reference: string) => `${repository}@${reference}`;
  return {
    manifest: async (repository, reference) =>
      manifests.get(key(repository, tags.get(key(repository, reference)) ?? reference)),
    hasBlob: async (repository, digest) => blobs.has(key(repository, digest)),
    blob: async (repository, digest) => blobs.get(key(repository, digest)),
    tags: async (repository) =>
      [...tags.keys()]
        .filter((name) => name.startsWith(`${repository}@`))
        .map((name) => name.slice(repository.length + 1)),
    push(image) {
      const { config, manifest } = compose(image);
      blobs.set(key(image.repository, config.digest), Buffer.from(config.body));
      manifests.set(key(image.repository, manifest.digest), manifest);
      if (image.tag !== undefined) tags.set(key(image.repository, image.tag), manifest.digest);
      events.publish(pushEvent({ ...image, ...manifest }));
      return manifest.digest;
    },
  };
}

function compose({
  architecture = 'amd64',
  command = ['/app'],
  labels = {},
  layerBytes = 1_000_000,
  tag,
}: PushedImage) {
  const config = described(
    JSON.stringify({ architecture, os: 'linux', config: { Cmd: command, Labels: { ...labels, tag } } }),
    configType,
  );
  const layer = described(`layer of ${tag} ${layerBytes}`, 'application/vnd.oci.image.layer.v1.tar+gzip');
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, digest: config.digest, size: config.body.length },
    layers: [{ mediaType: layer.mediaType, digest: layer.digest, size: layerBytes }],
  });
  return { config, manifest: described(body, manifestType) };
}

const described = (body: string, mediaType: string): StoredManifest => ({
  digest: `sha256:${createHash('sha256').update(body).digest('hex')}`,
  mediaType,
  body,
});
