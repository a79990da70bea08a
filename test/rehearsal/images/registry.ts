import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { digestOf } from '../../../rehearsal/images/blob.ts';

export interface TestRegistry {
  readonly url: string;
  /** By path, such as `shop/blobs/sha256:...` and `shop/manifests/v1`. */
  readonly stored: Map<string, Buffer>;
  readonly requests: string[];
  readonly authorizations: Set<string | undefined>;
}

/** As much of a registry as a push needs: it verifies digests, and refuses a manifest whose blobs it lacks. */
export async function startTestRegistry(): Promise<TestRegistry> {
  const registry = {
    url: '',
    stored: new Map<string, Buffer>(),
    requests: [] as string[],
    authorizations: new Set<string | undefined>(),
  };
  const server = createServer((request, response) => void serve(registry, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return Object.assign(registry, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

async function serve(
  registry: TestRegistry,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url!, 'http://registry');
  const path = pathname.replace('/v2/', '');
  registry.requests.push(`${request.method} ${path}`);
  registry.authorizations.add(request.headers.authorization);
  const body = await buffer(request);
  const answer = (status: number, headers = {}, text = '') => response.writeHead(status, headers).end(text);
  if (request.method === 'HEAD') return void answer(registry.stored.has(path) ? 200 : 404);
  // A relative address with a query of its own, as the specification allows.
  if (request.method === 'POST') return void answer(202, { Location: `${pathname}7?_state=opaque` });
  const fault = store(registry, path, searchParams, body);
  answer(fault ? 400 : 201, {}, fault);
}

function store(
  { stored }: TestRegistry,
  path: string,
  query: URLSearchParams,
  body: Buffer,
): string | undefined {
  const repository = path.split('/')[0]!;
  if (path.includes('/manifests/')) return storeManifest(stored, repository, path, body);
  if (query.get('_state') !== 'opaque') return 'BLOB_UPLOAD_UNKNOWN';
  if (query.get('digest') !== digestOf(body)) return 'DIGEST_INVALID';
  stored.set(`${repository}/blobs/${digestOf(body)}`, body);
  return undefined;
}

function storeManifest(
  stored: Map<string, Buffer>,
  repository: string,
  path: string,
  body: Buffer,
): string | undefined {
  const { config, layers } = JSON.parse(body.toString()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const missing = [config, ...layers].find(({ digest }) => !stored.has(`${repository}/blobs/${digest}`));
  if (missing) return `MANIFEST_BLOB_UNKNOWN ${missing.digest}`;
  stored.set(path, body);
  return undefined;
}
