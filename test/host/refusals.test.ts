import { afterEach, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { PhaseHost, volumeId, type Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';

/** Of all that could show that a phase has changed something; what SSM's agent writes is not the phase's. */
const everything =
  "find / -xdev -not -path '*/amazon*' -not -path '/tmp*' -not -path '/var/log/journal*' | sort | md5sum";

describeRealHost('what a host refuses, changing nothing', () => {
  let host: PhaseHost | undefined;
  afterEach(() => host?.close());

  async function refusal(phase: PhaseName, change: Values = {}): Promise<{ failure: string; cause: string }> {
    const values = { ...valuesOf(host!, 1), buildVersion: 'v1', ...change };
    const before = await host!.shell(everything);
    const { receipt } = await host!.run(phase, values);
    if (receipt.result !== 'failed') throw new Error(`${phase} did not fail`);
    if (phase === 'inspect') expect(await host!.shell(everything)).toBe(before);
    return receipt;
  }

  it('a volume with a filesystem of somebody else, named as it is', async () => {
    host = await PhaseHost.create({ volume: { content: 'ext4' } });
    const device = '/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0';
    const before = await host.shell(`head -c 64M ${device} | md5sum`);
    const { failure, cause } = await refusal('mount-volume');
    expect(failure).toBe('foreign-filesystem');
    expect(cause).toMatch(new RegExp(`^Volume ${volumeId} holds ext4, label none, UUID [0-9a-f-]{36}`));
    expect(await host.shell(`head -c 64M ${device} | md5sum`)).toBe(before);
    expect(await host.shell('cat /etc/fstab')).not.toContain('docker-data');
  });

  it('port 80 in the hands of another program; a distribution it does not know; parameters that are none', async () => {
    host = await PhaseHost.create();
    await host.occupy(80);
    expect(await refusal('inspect')).toMatchObject({
      failure: 'port-80-taken',
      cause: expect.stringContaining('`perl`'),
    });
    expect((await refusal('install-nginx')).failure).toBe('port-80-taken');
    expect(await host.shell('command -v nginx || echo none')).toBe('none');
    const evil = { app: 'web$(touch /owned)', deploymentId: 'web-1; touch /owned' };
    expect((await refusal('inspect', evil)).failure).toBe('invalid-parameter');
    expect(await host.shell('ls /owned 2>&1 || true')).toContain('No such file');
    await host.shell('sed -i s/^ID=.*/ID=gentoo/ /etc/os-release');
    expect((await refusal('inspect')).failure).toBe('unsupported-distribution');
  });

  it('a root disk without room, by its size or when a file cannot be written', async () => {
    host = await PhaseHost.create();
    await host.shell(
      `printf '#!/bin/sh\necho Avail; echo 104857600\n' >/usr/local/sbin/df; chmod +x /usr/local/sbin/df`,
    );
    expect(await refusal('inspect')).toMatchObject({
      failure: 'disk-full',
      cause: expect.stringContaining('has 100 MiB free and needs 500 MiB'),
    });
    await host.shell(`rm /usr/local/sbin/df; mkdir -p /var/lib/edgepaas; mount -t tmpfs -o size=64k tmpfs /var/lib/edgepaas
      head -c 64k /dev/zero >/var/lib/edgepaas/filler || true`);
    expect((await refusal('resolve-env')).failure).toBe('disk-full');
  });

  it('a volume that is not attached, and a key with another fingerprint', async () => {
    host = await PhaseHost.create();
    const elsewhere = await refusal('mount-volume', { volumeIds: 'vol-0ffffffffffffffff' });
    expect(elsewhere.failure).toBe('volume-not-attached');
    await host.run('mount-volume', valuesOf(host, 1));
    const wrong = await refusal('install-docker', { debKeyFingerprint: 'F'.repeat(40) });
    expect(wrong.failure).toBe('docker-key-mismatch');
    expect(wrong.cause).toContain(host.dockerKeyFingerprint);
    const trusted =
      'ls /etc/apt/keyrings/docker.asc /etc/apt/sources.list.d/docker.list /etc/docker 2>/dev/null || echo none';
    expect(await host.shell(trusted)).toBe('none');
  });

  it('an image too large for the volume', async () => {
    host = await createPreparedHost();
    await host.shell('docker image prune --all --force');
    const image = await host.push(variants.withoutCommand('v1'));
    await host.shell(
      "fallocate -l $(($(stat -f -c '%a*%S' /mnt/docker-data) - (60 << 20))) /mnt/docker-data/filler",
    );
    const full = await refusal('pull-release', valuesOf(host, 1, image));
    expect(full.failure).toBe('disk-full');
    expect(full.cause).toMatch(
      /^The pull needs \d+ MiB of Docker's volume \(\d+ MiB for (\d+) of its \1 layers, .*, and \d+ MiB are free: remove/,
    );
  });
});
