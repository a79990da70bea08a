import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../rehearsal/host/real/registry-access.ts';
import type { AskRegistryFault, RegistryFault } from '../../../rehearsal/host/real/registry-fault.ts';
import { createRegistryFront } from '../../../rehearsal/host/real/registry-front.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('what a request to the registry asks of IAM', () => {
  it.each([
    ['HEAD', '/v2/shop/web/manifests/v1', 'ecr:BatchGetImage'],
    ['GET', `/v2/shop/web/manifests/${digest}`, 'ecr:BatchGetImage'],
    ['GET', `/v2/shop/web/blobs/${digest}`, 'ecr:GetDownloadUrlForLayer'],
    ['HEAD', `/v2/shop/web/blobs/${digest}`, 'ecr:BatchCheckLayerAvailability'],
    ['POST', '/v2/shop/web/blobs/uploads/?mount=x&from=other', 'ecr:InitiateLayerUpload'],
    ['PATCH', '/v2/shop/web/blobs/uploads/0-1?_state=x', 'ecr:UploadLayerPart'],
    ['PUT', `/v2/shop/web/blobs/uploads/0-1?digest=${digest}`, 'ecr:CompleteLayerUpload'],
    ['PUT', '/v2/shop/web/manifests/v1', 'ecr:PutImage'],
    ['DELETE', `/v2/shop/web/manifests/${digest}`, 'ecr:BatchDeleteImage'],
    ['GET', '/v2/shop/web/tags/list', 'ecr:ListImages'],
  ])('%s %s: %s', (method, url, action) => {
    expect(accessOf(method, url)).toEqual({ repository: 'shop/web', action });
  });

  it('is nothing for /v2/, and what ECR lacks is no request of it', () => {
    expect(accessOf('GET', '/v2/')).toBeUndefined();
    for (const url of ['/v2/_catalog', '/v2/shop/blobs/', '/v1/shop/manifests/v1', '/v2/../other/x'])
      expect(accessOf('GET', url)).toBe('none');
    expect(accessOf('POST', '/v2/shop/manifests/v1')).toBe('none');
  });
});

describe('the front of the registry', () => {
  const relayed: string[] = [];
  let registry: Server;
  let front: Server;

  beforeAll(async () => {
    registry = createServer(({ method, url }, response) => {
      relayed.push(`${method} ${url}`);
      response.end();
    });
    await once(registry.listen(0, '127.0.0.1'), 'listening');
    const mayOnlyPull = (password: string, access?: { action: string }) => {
      if (password !== 'right') return false;
      return access && !/Get/.test(access.action) ? 'denied' : true;
    };
    front = createServer(createRegistryFront(urlOf(registry), mayOnlyPull));
    await once(front.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    front.close();
    registry.close();
  });

  const ask = async (method: string, path: string, password = 'right') => {
    const auth = `AWS:${password}`;
    const asked = request(new URL(path, urlOf(front)), { method, auth, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    response.resume();
    return response.statusCode;
  };

  it('lets through what the caller may do, and nothing that they may not', async () => {
    expect(await ask('GET', '/v2/shop/manifests/v1')).toBe(200);
    expect(await ask('PUT', '/v2/shop/manifests/v1')).toBe(403);
    expect(await ask('POST', '/v2/shop/blobs/uploads/')).toBe(403);
    expect(await ask('GET', '/v2/_catalog')).toBe(405);
    expect(await ask('GET', '/v2/shop/manifests/v1', 'wrong')).toBe(401);
    expect(relayed.splice(0)).toEqual(['GET /v2/shop/manifests/v1']);
  });

  it('mounts no layer of another repository', async () => {
    const open = createServer(createRegistryFront(urlOf(registry), () => true));
    await once(open.listen(0, '127.0.0.1'), 'listening');
    const mount = `/v2/shop/blobs/uploads/?from=secret&mount=${digest}`;
    await fetch(new URL(mount, urlOf(open)), {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('AWS:x')}` },
    });
    open.close();
    expect(relayed.splice(0)).toEqual(['POST /v2/shop/blobs/uploads/']);
  });
});

describe('a fault of the registry', () => {
  const layer = randomBytes(300_000);
  const registry = createServer((_, response) => response.end(layer));
  let fault: RegistryFault | undefined;
  const asked: string[] = [];
  let front: Server;

  beforeAll(async () => {
    await once(registry.listen(0, '127.0.0.1'), 'listening');
    const askFault: AskRegistryFault = (method, url) => {
      asked.push(`${method} ${url}`);
      return fault;
    };
    front = createServer(createRegistryFront(urlOf(registry), (password) => password === 'right', askFault));
    await once(front.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => {
    front.closeAllConnections();
    front.close();
    registry.close();
  });

  const path = `/v2/shop/blobs/${digest}`;
  const pull = async (given: RegistryFault | undefined, signal?: AbortSignal) => {
    fault = given;
    const received: Buffer[] = [];
    const sent = request(new URL(path, urlOf(front)), { auth: 'AWS:right', agent: false, signal }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.on('data', (chunk: Buffer) => received.push(chunk));
    const failed = await once(response, 'end').then(
      () => undefined,
      (error: Error & { code?: string }) => error.code,
    );
    return { status: response.statusCode, failed, received: Buffer.concat(received) };
  };

  it('is none unless it is asked for, for each request that is let through', async () => {
    expect((await pull(undefined)).received.equals(layer)).toBe(true);
    expect(asked).toEqual([`GET ${path}`]);
  });

  it('changes bytes of a layer and not its length', async () => {
    const { received } = await pull('corrupt');
    expect(received).toHaveLength(layer.length);
    expect(received.equals(layer)).toBe(false);
  });

  it('breaks the connection in the middle of a layer', async () => {
    const { failed, received } = await pull({ resetAfterBytes: 100_000 });
    expect(failed).toBe('ECONNRESET');
    expect(received.length).toBeLessThanOrEqual(100_000);
    expect(received.equals(layer.subarray(0, received.length))).toBe(true);
  });

  it('lets a layer through that ends before the connection would break', async () => {
    expect((await pull({ resetAfterBytes: 300_000 })).received.equals(layer)).toBe(true);
  });

  it('is an outage, or silence', async () => {
    expect((await pull('unavailable')).status).toBe(503);
    await expect(pull('hang', AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'AbortError' });
  });
});

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
