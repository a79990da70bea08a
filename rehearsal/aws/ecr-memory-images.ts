import { createHash } from 'node:crypto';
import type { EventSink } from './event-bus.ts';
import type { ImageSource, StoredManifest } from './ecr-images.ts';
import { recordedImages, pushEvent } from './ecr-events.ts';
import { ImageRecords } from './ecr-records.ts';

export interface PushedImage {
  readonly repository: string;
  /** Without a tag the event has none either. */
  readonly tag?: string;
  /** As GOARCH names it; amd64 unless said. */
  readonly architecture?: string;
  readonly command?: readonly string[];
  /** What makes its content another one; the tag unless said. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Compressed bytes of its one layer. */
  readonly layerBytes?: number;
  /** Epoch milliseconds; now unless said. */
  readonly pushedAt?: number;
  /** The digest of the image it is about: a signature, an attestation. */
  readonly subject?: string;
}

/** An index of images that were pushed before. */
export interface PushedIndex extends Pick<PushedImage, 'repository' | 'tag' | 'pushedAt' | 'subject'> {
  readonly children: readonly {
    readonly digest: string;
    /** As GOARCH names it; `unknown` for an attestation. */
    readonly architecture: string;
  }[];
}

export interface MemoryImages extends ImageSource {
  /** As `docker push`: returns the digest, and publishes the event. */
  push(image: PushedImage): string;
  pushIndex(index: PushedIndex): string;
}

const configType = 'application/vnd.oci.image.config.v1+json';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

/** Images in memory, for a simulated host: manifests and configs are real, layers are only described. */
export function memoryImages(events: EventSink, now?: () => number): MemoryImages {
  const manifests = new Map<string, StoredManifest>();
  const records = new ImageRecords(now);
  const blobs = new Map<string, Uint8Array>();
  const key = (repository: string, reference: string) => `${repository}@${reference}`;
  const keep = (pushed: PushedImage | PushedIndex, manifest: StoredManifest) => {
    const push = { repository: pushed.repository, tag: pushed.tag, ...manifest };
    manifests.set(key(push.repository, manifest.digest), manifest);
    if (records.note(push, pushed.pushedAt)) events.publish(pushEvent(push));
    return manifest.digest;
  };
  return {
    manifest: async (repository, reference) =>
      manifests.get(key(repository, records.digestOf(repository, reference) ?? reference)),
    hasBlob: async (repository, digest) => blobs.has(key(repository, digest)),
    blob: async (repository, digest) => blobs.get(key(repository, digest)),
    ...recordedImages(records, events, (repository, digest) => manifests.delete(key(repository, digest))),
    push(image) {
      const { config, manifest } = compose(image);
      blobs.set(key(image.repository, config.digest), Buffer.from(config.body));
      return keep(image, manifest);
    },
    pushIndex: (index) => keep(index, composeIndex(index)),
  };
}

function composeIndex({ children, subject }: PushedIndex): StoredManifest {
  const entries = children.map(({ digest, architecture }) => ({
    mediaType: manifestType,
    digest,
    size: 1,
    platform: { os: architecture === 'unknown' ? 'unknown' : 'linux', architecture },
  }));
  const body = { schemaVersion: 2, mediaType: indexType, manifests: entries, ...subjectOf(subject) };
  return described(JSON.stringify(body), indexType);
}

const subjectOf = (digest: string | undefined) =>
  digest === undefined ? {} : { subject: { mediaType: manifestType, digest, size: 1 } };

function compose({
  architecture = 'amd64',
  command = ['/app'],
  tag,
  labels = { tag: tag ?? '' },
  layerBytes = 1_000_000,
  subject,
}: PushedImage) {
  const config = described(
    JSON.stringify({ architecture, os: 'linux', config: { Cmd: command, Labels: labels } }),
    configType,
  );
  const layer = described(
    `layer of ${JSON.stringify(labels)} ${layerBytes}`,
    'application/vnd.oci.image.layer.v1.tar+gzip',
  );
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, digest: config.digest, size: config.body.length },
    layers: [{ mediaType: layer.mediaType, digest: layer.digest, size: layerBytes }],
    ...subjectOf(subject),
  });
  return { config, manifest: described(body, manifestType) };
}

const described = (body: string, mediaType: string): StoredManifest => ({
  digest: `sha256:${createHash('sha256').update(body).digest('hex')}`,
  mediaType,
  body,
});
