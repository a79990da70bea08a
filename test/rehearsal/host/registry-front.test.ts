import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessOf } from '../../../rehearsal/host/real/registry-access.ts';
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

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
