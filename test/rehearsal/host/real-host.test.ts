import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { startPackageHost } from '../../../rehearsal/host/real/package-host.ts';
import type { RealHost } from '../../../rehearsal/host/real/real-host.ts';
import { createHost, describeRealHost, outputOf, runOn, volumeId, volumeLink } from './fixture.ts';

describeRealHost('a real rehearsal host', () => {
  let host: RealHost;
  let packageHost: Server;

  beforeAll(async () => {
    host = await createHost({ volume: { volumeId, sizeGiB: 1, content: 'blank', attached: false } });
    packageHost = await startPackageHost((await ensureBaseImage()).packages, host.gatewayAddress);
  });
  afterAll(async () => {
    packageHost?.close();
    await host?.destroy();
  });

  it('boots systemd without a failed unit', async () => {
    expect(await outputOf(host, 'systemctl is-system-running; ps -o comm= 1')).toBe('running\nsystemd');
  });

  it('is bare: nothing that a deployment installs is there', async () => {
    const wanted = 'docker containerd nginx jq mkfs.xfs rsync aws python3';
    const { stdout } = await runOn(host, `for name in ${wanted}; do command -v $name; done; true`);
    expect(stdout).toBe('');
  });

  it('reaches its gateway and nothing beyond this machine', async () => {
    const { stderr, exitCode } = await runOn(host, 'curl -sS -m 5 http://192.0.2.1/');
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/unreachable|Couldn't connect/);
  });

  it('installs packages from the local mirror, whose signature apt checks', async () => {
    await outputOf(host, 'apt-get -q update && apt-get -qy install --no-install-recommends jq');
    expect(await outputOf(host, `jq -n '"as " + "expected"' -r`)).toBe('as expected');
    const unsigned = 'deb http://packages.rehearsal.internal/docker/linux/debian bookworm stable';
    await expect(
      outputOf(host, `echo '${unsigned}' >/etc/apt/sources.list.d/x.list; apt-get -q update`),
    ).rejects.toThrow(/not signed|NO_PUBKEY/);
    await outputOf(host, 'rm /etc/apt/sources.list.d/x.list');
  });

  it('sees the volume when it is attached, and not before', async () => {
    expect((await runOn(host, `ls ${volumeLink} /dev/nvme1n1`)).exitCode).not.toBe(0);
    await host.attachVolume(volumeId);
    expect(await outputOf(host, `blockdev --getsize64 ${volumeLink}`)).toBe(String(2 ** 30));
  });

  it('mounts the volume by its UUID through systemd, and again after a reboot', async () => {
    await outputOf(
      host,
      `mkfs.ext4 -q ${volumeLink} && udevadm settle
       echo "UUID=$(blkid -s UUID -o value ${volumeLink}) /data ext4 defaults,nofail 0 2" >>/etc/fstab
       systemctl daemon-reload && systemctl start data.mount && echo kept >/data/file && echo kept >/root/file`,
    );
    await host.reboot();
    expect(await outputOf(host, 'findmnt -no FSTYPE /data; cat /data/file /root/file')).toBe(
      'ext4\nkept\nkept',
    );
  });

  it('comes back by itself when it reboots itself', async () => {
    await outputOf(host, 'touch /run/this-boot');
    await host.exec(['systemctl', '--no-block', 'reboot']);
    const look = () =>
      outputOf(host, 'ls /run/this-boot 2>&1 || systemctl is-system-running').catch(() => 'down');
    await expect.poll(look).toMatch(/No such file.*\nrunning/);
  });

  it('answers on its address', async () => {
    const serve = `systemd-run --unit=answer --property=Type=exec systemd-socket-activate --inetd -a -l 80 /bin/sh -c 'printf "HTTP/1.0 200 OK\\r\\n\\r\\nhello"'`;
    await outputOf(host, `${serve}; until ss -Htln 'sport = :80' | grep -q .; do sleep 0.02; done`);
    expect(await (await fetch(`http://${host.address}/`)).text()).toBe('hello');
  });

  it('runs out of space on its root disk as a full disk does', async () => {
    await outputOf(
      host,
      'fallocate -l $(($(df --output=avail --block-size=1M / | tail -1) - 10))MiB /var/filler',
    );
    const { stderr } = await runOn(host, 'head -c 11M /dev/zero >/root/too-much');
    expect(stderr).toMatch(/No space left on device/);
  });
});
