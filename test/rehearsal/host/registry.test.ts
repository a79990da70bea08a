import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBaseImage, type BaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { runTool } from '../../../rehearsal/cache/tools.ts';
import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../../../rehearsal/host/real/certificate-authority.ts';
import { startGatewayFront } from '../../../rehearsal/host/real/gateway-front.ts';
import type { RealHost } from '../../../rehearsal/host/real/real-host.ts';
import { createRegistryFront } from '../../../rehearsal/host/real/registry-front.ts';
import { startRegistry, type Registry } from '../../../rehearsal/host/real/registry.ts';
import { createScratchFolder } from '../../../rehearsal/host/real/run-folder.ts';
import { createHost, describeRealHost, outputOf } from './fixture.ts';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const ecr = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';

interface Notification {
  readonly events: readonly {
    action: string;
    target: { repository: string; tag?: string; digest: string };
  }[];
}

describeRealHost('the registry and its TLS front', () => {
  let image: BaseImage;
  let authority: CertificateAuthority;
  let registry: Registry;
  let listener: Server;
  let host: RealHost;
  let front: Awaited<ReturnType<typeof startGatewayFront>>;
  const notified: Notification[] = [];

  beforeAll(async () => {
    image = await ensureBaseImage();
    authority = await createCertificateAuthority(image.folder, [ecr]);
    listener = await listen(notified);
    registry = await startRegistry(
      image.folder,
      `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`,
    );
    host = await createHost({ trustedAuthority: authority.authority, extraHosts: { [ecr]: null } });
    const handler = createRegistryFront(registry.url, (password) => password === 'right');
    front = await startGatewayFront(host.gatewayAddress, authority.server, { [ecr]: handler });
  });
  afterAll(async () => {
    front?.close();
    listener?.close();
    await host?.destroy();
    await registry?.close();
  });

  it('tells of a push, by any client, which tag got which digest', async () => {
    await push(image.folder, `docker://${registry.url.replace('http://', '')}/shop:v1`);
    await expect.poll(() => notified.flatMap(({ events }) => events)).toHaveLength(1);
    const [event] = notified.flatMap(({ events }) => events);
    expect(event).toMatchObject({ action: 'push', target: { repository: 'shop', tag: 'v1' } });
    expect(event?.target.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('asks the host for a password as ECR does, over TLS that the host trusts', async () => {
    const ask = `curl -sS -m 5 -D - -o /dev/null https://${ecr}/v2/shop/manifests/v1 -H 'Accept: ${manifestType}'`;
    const challenge = `Basic realm="https://${ecr}/",service="ecr.amazonaws.com"`;
    expect(await outputOf(host, ask)).toContain(challenge);
    expect(await outputOf(host, `${ask} -u AWS:wrong`)).toContain('401 Unauthorized');
    expect(await outputOf(host, `${ask} -u somebody:right`)).toContain('401 Unauthorized');
    expect(await outputOf(host, `${ask} -u AWS:right`)).toContain('200 OK');
  });
});

async function listen(into: Notification[]): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk));
    request.on('end', () => {
      into.push(JSON.parse(body) as Notification);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** An image of one small file, made and pushed with the tools of the image cache. */
async function push(imageFolder: string, reference: string): Promise<void> {
  const folder = createScratchFolder('push-');
  const config = '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}';
  writeFileSync(join(folder, 'config.json'), config);
  const make = `set -e
    config=$(sha256sum <config.json | cut -d' ' -f1); size=$(stat -c %s config.json); mkdir image; mv config.json image/$config
    echo 'Directory Transport Version: 1.1' >image/version
    printf '{"schemaVersion":2,"mediaType":"${manifestType}","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%s,"digest":"sha256:%s"},"layers":[]}' $size $config >image/manifest.json
    skopeo copy --quiet --insecure-policy --dest-tls-verify=false dir:image "$1"`;
  await runTool(imageFolder, folder, ['sh', '-c', make, 'sh', reference]);
  rmSync(folder, { recursive: true });
}
