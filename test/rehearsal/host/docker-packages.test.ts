import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBaseImage, type BaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { startPackageHost } from '../../../rehearsal/host/real/package-host.ts';
import type { RealHost } from '../../../rehearsal/host/real/real-host.ts';
import { createHost, describeRealHost, outputOf } from './fixture.ts';

const repository = 'http://packages.rehearsal.internal/docker/linux/debian';
const key = '/etc/apt/keyrings/docker.asc';

describeRealHost('the stand-in for Docker’s package host', () => {
  let image: BaseImage;
  let host: RealHost;
  let packageHost: Server;

  beforeAll(async () => {
    image = await ensureBaseImage();
    host = await createHost();
    packageHost = await startPackageHost(image.packages, host.gatewayAddress);
  });
  afterAll(async () => {
    packageHost?.close();
    await host?.destroy();
  });

  it('publishes the key that signs it, of the fingerprint that the stack is told', async () => {
    await outputOf(host, `mkdir -p /etc/apt/keyrings; curl -fsS ${repository}/gpg -o ${key}; head -1 ${key}`);
    const listed = await outputOf(
      host,
      `gpg --homedir /tmp --with-colons --show-keys ${key} 2>/dev/null | grep ^fpr`,
    );
    expect(listed).toBe(`fpr:::::::::${image.dockerKeyFingerprint}:`);
  });

  it('installs Docker CE under Docker’s package names, and the engine runs', async () => {
    const packages = 'docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin';
    await outputOf(
      host,
      `echo 'deb [signed-by=${key}] ${repository} bookworm stable' >/etc/apt/sources.list.d/docker.list
       apt-get -q update; DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends ${packages}`,
    );
    expect(
      await outputOf(host, `dpkg-query -Wf '\${Package}\\n' ${packages} | wc -l; dpkg -S /usr/bin/docker`),
    ).toBe('5\ndocker-ce-cli: /usr/bin/docker');
    expect(await outputOf(host, `docker info --format '{{.Driver}} {{.LiveRestoreEnabled}}'`)).toBe(
      'overlay2 false',
    );
  });
});
