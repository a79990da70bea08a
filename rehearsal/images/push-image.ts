import type { Blob, Image } from './image.ts';

export interface PushRequest {
  readonly image: Image;
  /** Such as `http://127.0.0.1:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** The Authorization header, where the registry asks for one. */
  readonly authorization?: string;
}

export interface PushReceipt {
  readonly digest: string;
  /** Of blobs that the registry lacked. */
  readonly uploadedBytes: number;
  readonly ms: number;
}

/** What the registry answered instead of what the specification says it may. */
export class PushRefused extends Error {
  override readonly name = 'PushRefused';
}

/** Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push */
export async function pushImage(push: PushRequest): Promise<PushReceipt> {
  const start = performance.now();
  const uploaded = await Promise.all(push.image.blobs.map((blob) => uploadIfMissing(push, blob)));
  await putManifest(push);
  const uploadedBytes = uploaded.reduce((sum, bytes) => sum + bytes, 0);
  return { digest: push.image.digest, uploadedBytes, ms: Math.round(performance.now() - start) };
}

async function uploadIfMissing(push: PushRequest, blob: Blob): Promise<number> {
  const present = await send(push, 'HEAD', repositoryUrl(push, `blobs/${blob.digest}`), [200, 404]);
  if (present.status === 200) return 0;
  const session = await send(push, 'POST', repositoryUrl(push, 'blobs/uploads/'), [202]);
  const url = new URL(session.headers.get('Location') ?? '', session.url);
  url.searchParams.set('digest', blob.digest);
  await send(push, 'PUT', url, [201], 'application/octet-stream', await blob.read());
  return blob.size;
}

async function putManifest(push: PushRequest): Promise<void> {
  const { manifest } = push.image;
  const url = repositoryUrl(push, `manifests/${push.tag}`);
  await send(push, 'PUT', url, [201], manifest.mediaType, await manifest.read());
}

function repositoryUrl({ registry, repository }: PushRequest, path: string): URL {
  return new URL(`/v2/${repository}/${path}`, registry);
}

async function send(
  { authorization }: PushRequest,
  method: string,
  url: URL,
  expected: readonly number[],
  type?: string,
  body?: Buffer,
): Promise<Response> {
  const headers = {
    ...(authorization && { Authorization: authorization }),
    ...(type && { 'Content-Type': type }),
  };
  const response = await fetch(url, { method, headers, body });
  const answer = await response.text(); // read to its end, so that the connection can be used again
  if (expected.includes(response.status)) return response;
  throw new PushRefused(`${method} ${url.pathname}: ${response.status} ${answer.slice(0, 300)}`);
}
