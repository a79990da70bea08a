import { afterAll, beforeAll, expect, it } from 'vitest';
import { variants } from '../../rehearsal/images/variants.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { password, registryName } from '../../rehearsal/phases/aws-answers.ts';
import { PhaseHost } from '../../rehearsal/phases/phase-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';

const repository = 'http://packages.rehearsal.internal/docker/linux/debian';
const key = '/etc/apt/keyrings/mine.asc';
const installDocker = `mkdir -p /etc/apt/keyrings /etc/docker; curl -fsS ${repository}/gpg -o ${key}
  echo 'deb [signed-by=${key}] ${repository} bookworm stable' >/etc/apt/sources.list.d/mine.list
  echo '{"debug": false, "log-opts": {"max-size": "1m"}}' >/etc/docker/daemon.json
  { apt-get -qq update && apt-get -qqy install --no-install-recommends docker-ce; } 2>&1 >/dev/null | tail -n 3`;

describeRealHost('a host that had a Docker of its own', () => {
  let host: PhaseHost;
  let image: string;

  beforeAll(async () => {
    host = await PhaseHost.create();
    await host.shell(installDocker);
    const { digest } = await host.push(variants.healthy('mine'));
    image = `${registryName}/web@${digest}`;
    await host.shell(`echo ${password} | docker login -u AWS --password-stdin ${registryName} 2>/dev/null
      docker run -d --name mine ${image}`);
  });
  afterAll(() => host?.close());

  it('keeps it as it is while its containers run', async () => {
    const { receipt } = await host.run('mount-volume', valuesOf(host, 1));
    expect(receipt).toMatchObject({ failure: 'containers-would-stop' });
    expect(await host.shell('docker ps --format {{.Names}}; ls /var/lib/docker/image')).toBe(
      'mine\noverlay2',
    );
  });

  it('finds its images and containers on the volume afterwards, its settings kept, and the old place empty', async () => {
    await host.shell('docker stop -t 1 mine');
    for (const seconds of [0.3, 0.6, 0.9]) await host.start('mount-volume', valuesOf(host, 1), seconds);
    const { receipt } = await host.run('mount-volume', valuesOf(host, 1));
    expect(receipt).toMatchObject({ facts: { moved: true } });
    expect((await host.run('install-docker', valuesOf(host, 1))).receipt.result).toBe('done');
    expect(await host.shell('docker start mine; docker info --format {{.DockerRootDir}}')).toBe(
      'mine\n/mnt/docker-data/docker',
    );
    expect(JSON.parse(await host.shell('cat /etc/docker/daemon.json'))).toEqual({
      debug: false,
      'data-root': '/mnt/docker-data/docker',
      'live-restore': true,
      'userland-proxy': false,
      'log-driver': 'json-file',
      'log-opts': { 'max-size': '1m', 'max-file': '3' },
    });
    expect(await host.shell('ls -d /var/lib/docker /var/lib/containerd 2>/dev/null || echo gone')).toBe(
      'gone',
    );
  });

  it('loses no container to a change of Docker’s settings, since live-restore is on', async () => {
    const started = await host.shell('docker inspect -f {{.State.StartedAt}} mine');
    await host.shell('sed -i \'s/"1m"/"2m"/; s/true/true /\' /etc/docker/daemon.json');
    expect((await host.run('install-docker', valuesOf(host, 2))).receipt.result).toBe('done');
    expect(await host.shell('docker inspect -f {{.State.StartedAt}} mine')).toBe(started);
  });

  it('does not start Docker on the root disk when the volume is away', async () => {
    await host.shell(
      "systemctl stop docker.socket docker; docker ps 2>/dev/null; systemctl stop containerd; umount -l /mnt/docker-data; sed -i 's/^UUID=[^ ]*/UUID=00000000-0000-0000-0000-000000000000/; s/device-timeout=30s/device-timeout=1s/' /etc/fstab; systemctl daemon-reload",
    );
    expect(await host.shell('systemctl start docker 2>/dev/null || echo refused')).toBe('refused');
    expect(await host.shell('ls /mnt/docker-data')).toBe('');
  });
});
