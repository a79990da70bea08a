import { recordedImages } from './ecr-events.ts';
import type { ImageRecords, ListedImage } from './ecr-records.ts';
import type { EventSink } from './event-bus.ts';

/** An image manifest or index as the registry keeps it. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly body: string;
}

/** Where images are: a real OCI registry, or a table in memory. */
export interface ImageSource {
  /** By tag or digest. */
  manifest(repository: string, reference: string): Promise<StoredManifest | undefined>;
  hasBlob(repository: string, digest: string): Promise<boolean>;
  blob(repository: string, digest: string): Promise<Uint8Array | undefined>;
  /** All images that were pushed, with a tag or without. */
  list(repository: string): Promise<ListedImage[]>;
  /** Removes a tag alone. */
  untag(repository: string, tag: string): Promise<void>;
  /** Removes an image with all its tags. */
  remove(repository: string, image: ListedImage): Promise<void>;
}

const accepted = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/**
 * Images in a registry that speaks the OCI distribution API, such as docker-registry at http://127.0.0.1:5000. It cannot remove a
 * tag and forgets when an image was pushed: the records know, which hear of each push.
 */
export function registryImages(baseUrl: string, records: ImageRecords, events: EventSink): ImageSource {
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(`${baseUrl}/v2/${path}`, { headers, method });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`the registry answered ${response.status} to ${path}`);
    return response;
  };
  return {
    async manifest(repository, reference) {
      if (records.wasRemoved(repository, reference)) return undefined;
      const response = await get(`${repository}/manifests/${encodeURIComponent(reference)}`, {
        accept: accepted,
      });
      if (!response) return undefined;
      return {
        digest: response.headers.get('docker-content-digest') ?? '',
        mediaType: response.headers.get('content-type') ?? '',
        body: await response.text(),
      };
    },
    hasBlob: async (repository, digest) =>
      (await get(`${repository}/blobs/${digest}`, {}, 'HEAD')) !== undefined,
    async blob(repository, digest) {
      const response = await get(`${repository}/blobs/${digest}`);
      return response && new Uint8Array(await response.arrayBuffer());
    },
    ...recordedImages(records, events, (repository, digest) =>
      get(`${repository}/manifests/${digest}`, {}, 'DELETE'),
    ),
  };
}
