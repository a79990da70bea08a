import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import type { Image } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import { composeScript } from '../../lib/compose-script.ts';
import { describeRealHost, runOn } from '../rehearsal/host/fixture.ts';
import { PhaseHost, type Values } from '../../rehearsal/phases/phase-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';

const toServe: PhaseName[] = ['resolve-env', 'pull-release', 'start-candidate', 'switch-traffic'];

describeRealHost('the phases on a bare host', () => {
  let host: PhaseHost;
  let v1: Image;
  let v2: Image;

  beforeAll(async () => {
    host = await PhaseHost.create();
    [v1, v2] = await Promise.all([
      host.push(variants.healthy('v1')),
      host.push(variants.healthy('v2', 1000)),
    ]);
  });
  afterAll(() => host?.close());

  /** A run that must end well; its facts, checked against the contract. */
  async function facts(phase: PhaseName, values: Values): Promise<Record<string, unknown>> {
    const { receipt } = await host.run(phase, values);
    if (receipt.result === 'failed') throw new Error(`${phase}: ${receipt.failure}: ${receipt.cause}`);
    return phases[phase].facts.parse(receipt.facts);
  }

  async function failure(phase: PhaseName, values: Values): Promise<Receipt & { result: 'failed' }> {
    const { receipt, result } = await host.run(phase, values);
    if (receipt.result !== 'failed') throw new Error(`${phase} did not fail`);
    expect(result.exitCode).toBe(1);
    return receipt;
  }

  const serve = async (values: Values) => {
    for (const phase of toServe) await facts(phase, values);
  };
  const page = () => host.shell('curl -s http://127.0.0.1/ || true');
  const containers = () => host.shell("docker ps -a --format '{{.Names}} {{.State}}' | sort");

  it('inspect says what is missing and leaves no trace', async () => {
    const list = () =>
      host.shell("find /etc /mnt /root /usr /var -xdev -not -path '*/amazon*' | sort | md5sum");
    const before = await list();
    const found = await facts('inspect', valuesOf(host, 1, v1));
    expect(found).toMatchObject({ prepared: false, liveSlot: 'none', distribution: 'debian 12' });
    expect(found).toMatchObject({ serving: 'unknown', servingStatus: 0, nginxConfigValid: true });
    expect(found.missing).toHaveLength(4);
    expect(await list()).toBe(before);
  });

  it('prepares the host, though each phase is killed on its way and sent again', async () => {
    const values = valuesOf(host, 1, v1);
    for (const phase of ['mount-volume', 'install-docker', 'install-nginx'] as const) {
      for (const seconds of [0.1, 0.7, 2]) await host.start(phase, values, seconds);
      await facts(phase, values);
      expect((await host.run(phase, values)).receipt).toMatchObject({ phase, result: 'already-done' });
    }
    expect(await facts('inspect', values)).toMatchObject({ prepared: true, missing: [], serving: 'none' });
    const info = await host.shell(
      "docker info --format '{{.DockerRootDir}} {{.LiveRestoreEnabled}} {{.LoggingDriver}}'",
    );
    expect(info).toBe('/mnt/docker-data/docker true json-file');
    expect(await page()).toBe('No release of this app is live yet.');
  });

  it('brings the first release live, and answers a command sent twice from its receipts', async () => {
    host.parameters.DATABASE_URL = 'postgres://me:se"cret=x@db/web #1';
    const values = valuesOf(host, 1, v1);
    await serve(values);
    expect(await page()).toContain('"buildVersion":"v1"');
    for (const phase of toServe) expect((await host.run(phase, values)).receipt.result).toBe('already-done');
    expect(await facts('bake', { ...values, bakeSeconds: '0' })).toMatchObject({ status5xx: 0 });
    expect(await facts('retire', values)).toMatchObject({ slot: 'none' });
  });

  it('gives the secrets to the app and to nobody else', async () => {
    const variable = await host.shell(
      "docker inspect edgepaas-web-blue | grep -c 'se\\\\\"cret=x@db/web #1'",
    );
    expect(variable).toBe('1');
    expect(
      await host.shell('stat -c %a /var/lib/edgepaas/apps/web/env /var/lib/edgepaas/apps/web/env/web-1.env'),
    ).toBe('700\n600');
    expect(await host.shell('ls /run/edgepaas')).not.toContain('registry');
    expect(
      await host.shell(
        'grep -rl "cret=x" /var/log /run/edgepaas /tmp /var/lib/edgepaas /var/lib/amazon 2>/dev/null || true',
      ),
    ).toBe('/var/lib/edgepaas/apps/web/env/web-1.env');
  });

  it('refuses a fence older than one it has seen', async () => {
    await facts('resolve-env', valuesOf(host, 2, v2));
    expect((await failure('start-candidate', valuesOf(host, 1, v1))).failure).toBe('fence-stale');
    expect((await failure('inspect', valuesOf(host, 1, v1))).failure).toBe('fence-stale');
  });

  it('refuses to run without a parameter, as under an agent that is too old', async () => {
    const { buildVersion: _, ...rest } = valuesOf(host, 2, v2);
    expect(await failure('resolve-env', rest)).toMatchObject({
      failure: 'invalid-parameter',
      deploymentId: 'web-2',
    });
  });

  it('moves traffic to the next release and retires the one before', async () => {
    const values = valuesOf(host, 2, v2);
    await serve(values);
    const switched = await facts('switch-traffic', values);
    expect(switched).toMatchObject({ from: 'blue', to: 'green' });
    expect(await facts('bake', { ...values, bakeSeconds: '1' })).toMatchObject({ status5xx: 0 });
    expect(await facts('retire', values)).toMatchObject({ slot: 'blue', openAtDeadline: 0 });
    expect(await containers()).toBe('edgepaas-web-blue exited\nedgepaas-web-green running');
  });

  it('lets every request in while Docker is restarted, and when it comes back from a kill', async () => {
    const ask = `while [ -e /run/asking ]; do curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1/; done`;
    const asked = await host.shell(`
      touch /run/asking
      (${ask}) >/run/answers & (${ask}) >/run/more-answers &
      systemctl reset-failed docker; systemctl restart docker
      kill -KILL $(cat /run/docker.pid); until systemctl is-active --quiet docker; do sleep 0.05; done
      rm /run/asking; wait; sort /run/answers /run/more-answers | uniq -c`);
    expect(asked.trim()).toMatch(/^[0-9]+ 200$/);
  });

  it('lets requests in also while Docker cannot start, and takes none that go elsewhere', async () => {
    const broken = '/run/systemd/system/docker.service.d/broken.conf';
    const elsewhere = 'curl -s --max-time 2 http://169.254.169.254:7777/ || true';
    await host.shell(`
      iptables -w -t nat -A DOCKER ! -i docker0 -p tcp --dport 7777 -j DNAT --to-destination \
        $(docker inspect --format '{{.NetworkSettings.IPAddress}}' edgepaas-web-green):80
      mkdir -p ${broken.replace(/\/[^/]+$/, '')}; printf '[Service]\nExecStart=\nExecStart=/bin/false\n' >${broken}
      systemctl daemon-reload; systemctl reset-failed docker; systemctl restart docker 2>/dev/null || true
      iptables -w -t nat -F DOCKER`);
    expect(await page()).toContain('"buildVersion":"v2"');
    expect(await host.shell(elsewhere)).not.toContain('"buildVersion"');
    await host.shell(
      `rm ${broken}; systemctl daemon-reload; systemctl reset-failed docker; systemctl start docker`,
    );
    expect(await page()).toContain('"buildVersion":"v2"');
  });

  it('says of a host what serves on it, and how that is', async () => {
    const values = valuesOf(host, 2, v2);
    const running = { liveSlot: 'green', liveDeployment: 'web-2', liveRunning: true, idleRunning: false };
    const served = { serving: 'green', servingStatus: 200, nginxConfigValid: true };
    expect(await facts('inspect', values)).toMatchObject({ ...running, ...served });
    await host.shell('echo nonsense >/etc/nginx/conf.d/other.conf; docker stop edgepaas-web-green');
    expect(await facts('inspect', values)).toMatchObject({
      prepared: true,
      liveDigest: v2.digest,
      ...{ liveRunning: false, serving: 'unknown', servingStatus: 502, nginxConfigValid: false },
    });
    await host.shell('docker start edgepaas-web-blue');
    expect(await facts('inspect', values)).toMatchObject({ idleRunning: true, serving: 'blue' });
    await host.shell(
      'rm /etc/nginx/conf.d/other.conf; docker stop edgepaas-web-blue; docker start edgepaas-web-green',
    );
  });

  it('takes an Nginx that is too busy to answer for what it is: prepared, and not to be reloaded', async () => {
    const values = valuesOf(host, 2, v2);
    const workers = () => host.shell('pgrep --parent $(cat /run/nginx.pid) | sort | tr "\\n" " "');
    const before = await workers();
    // Longer than one probe of its site waits for an answer.
    await host.shell(
      'systemctl kill --signal=STOP nginx && systemd-run -q --on-active=7 --timer-property=AccuracySec=100ms systemctl kill --signal=CONT nginx',
    );
    expect(await facts('inspect', values)).toMatchObject({ prepared: true, missing: [] });
    expect(await workers()).toBe(before);
  });

  it('goes back after retirement: the release before is started again, proven, and the other removed', async () => {
    const values = valuesOf(host, 2, v2);
    const reverted = await facts('revert', values);
    expect(reverted).toMatchObject({ switched: true, liveSlot: 'blue', liveDigest: v1.digest });
    expect(await page()).toContain('"buildVersion":"v1"');
    expect(await containers()).toBe('edgepaas-web-blue running');
    expect((await host.run('revert', values)).receipt.result).toBe('already-done');
  });

  it('leaves the idle slot empty when a candidate never becomes healthy', async () => {
    const values = { ...valuesOf(host, 3, await host.push(variants.neverHealthy('v3'))), healthTimeout: '1' };
    await facts('resolve-env', values);
    await facts('pull-release', values);
    const failed = await failure('start-candidate', values);
    expect(failed.failure).toBe('health-check-failed');
    expect(failed.cause).toContain('/health answers 503');
    expect(await facts('revert', values)).toMatchObject({ switched: false, liveSlot: 'blue' });
    expect(await containers()).toBe('edgepaas-web-blue running');
  });

  it('names an image that cannot run, and keeps nothing of one that has no command', async () => {
    const values = valuesOf(host, 4, await host.push(variants.notRunnable('v4')));
    await facts('resolve-env', values);
    await facts('pull-release', values);
    expect((await failure('start-candidate', values)).failure).toBe('image-not-runnable');
    const without = valuesOf(host, 5, await host.push(variants.withoutCommand('v5')));
    expect((await failure('pull-release', without)).failure).toBe('image-not-runnable');
    expect(await containers()).toBe('edgepaas-web-blue running');
    expect(await host.shell('docker images --digests')).not.toContain(without.digest);
  });

  it('refuses an image of another architecture', async () => {
    const image = await host.push(variants.labelled('v6', 'arm64'));
    expect((await failure('pull-release', valuesOf(host, 6, image))).failure).toBe(
      'image-architecture-mismatch',
    );
    expect(await host.shell('docker images --digests')).not.toContain(image.digest);
  });

  it('says who holds a slot’s port', async () => {
    const values = valuesOf(host, 7, v2);
    await facts('resolve-env', values);
    await facts('pull-release', values);
    await host.occupy(8081);
    const failed = await failure('start-candidate', values);
    await host.shell('systemctl stop occupier');
    expect(failed).toMatchObject({ failure: 'slot-port-taken' });
    expect(failed.cause).toContain('`perl`');
    expect(await containers()).toBe('edgepaas-web-blue running');
  });

  it('refuses an app that says it is another version', async () => {
    const values = { ...valuesOf(host, 8, v2), buildVersion: 'v2-not' };
    await host.shell(
      'mkdir -p /var/lib/edgepaas/apps/web/env; echo BUILD_VERSION=v2 >/var/lib/edgepaas/apps/web/env/web-8.env',
    );
    expect((await failure('start-candidate', values)).failure).toBe('identity-mismatch');
    expect(await containers()).toBe('edgepaas-web-blue running');
  });

  it('notices that a release died under traffic, and goes back', async () => {
    const values = {
      ...valuesOf(host, 9, await host.push(variants.diesUnderTraffic('v9', 500))),
      bakeSeconds: '600',
    };
    await serve(values);
    expect(await page()).toContain('"buildVersion":"v9"');
    const failed = await failure('bake', values);
    expect(failed.failure).toBe('candidate-died');
    expect(await facts('revert', values)).toMatchObject({ switched: true, liveSlot: 'blue', requests: 1 });
    expect(await page()).toContain('"buildVersion":"v1"');
  });

  it('clears away what is older than the release before', async () => {
    const values = valuesOf(host, 10, v2);
    await serve(values);
    await facts('retire', values);
    expect(await host.shell('ls /var/lib/edgepaas/apps/web/receipts /var/lib/edgepaas/apps/web/env')).toBe(
      '/var/lib/edgepaas/apps/web/env:\nweb-1.env\nweb-10.env\n\n/var/lib/edgepaas/apps/web/receipts:\nweb-1\nweb-10',
    );
    expect(await images()).toBe(sorted(v1, v2));
  });

  const images = () => host.shell('docker images --digests --no-trunc --format "{{.Digest}}" | sort');
  const sorted = (...kept: Image[]) =>
    kept
      .map(({ digest }) => digest)
      .sort()
      .join('\n');

  it('refuses an environment that is not valid by its names alone, and what it may not read', async () => {
    host.parameters.DATABASE_URL = 'line\nline';
    const failed = await failure('resolve-env', valuesOf(host, 12, v2));
    delete host.parameters.DATABASE_URL;
    expect(failed).toMatchObject({ failure: 'environment-invalid' });
    expect(failed.cause).toContain('DATABASE_URL has a line break');
    expect(failed.cause).not.toContain('line line');
    host.parameters.DENIED = 'yes';
    expect(await failure('resolve-env', valuesOf(host, 12, v2))).toMatchObject({
      failure: 'parameters-unreadable',
    });
    delete host.parameters.DENIED;
  });

  it('keeps two apps apart, also one with the longest name an app can have', async () => {
    const app = 'abcdefghij-abcdefghij-abcdefghij';
    const values = { ...valuesOf(host, 1, v1), app, deploymentId: `${app}-1`, serverNames: '*.example.com' };
    const ports = { bluePort: '9080', greenPort: '9081' };
    expect(await facts('install-nginx', { ...values, ...ports })).toMatchObject({ siteChanged: true });
    expect(await facts('inspect', { ...values, ...ports })).toMatchObject({
      prepared: true,
      liveSlot: 'none',
    });
    expect(await host.shell('curl -s -H "Host: shop.example.com" http://127.0.0.1/')).toBe(
      'No release of this app is live yet.',
    );
    expect(await page()).toContain('"buildVersion":"v2"');
  });

  it('lets nobody but root hold its locks or read its state', async () => {
    const open = 'cd /var/lib/edgepaas; find . -type f -not -path "*/traffic/*" -perm /077; echo end';
    expect(await host.shell(open)).toBe('end');
  });

  it('does not say that a candidate is gone while Docker cannot tell', async () => {
    const values = valuesOf(host, 13, v1);
    for (const phase of ['resolve-env', 'pull-release', 'start-candidate'] as const)
      await facts(phase, values);
    await host.shell('systemctl stop docker.socket docker.service 2>&1');
    expect(await failure('revert', values)).toMatchObject({ failure: 'revert-failed' });
    await host.shell('systemctl start docker.service');
    expect(await facts('revert', values)).toMatchObject({ switched: false, liveSlot: 'green' });
    expect(await containers()).toBe('edgepaas-web-green running');
  });

  it('serves again after a reboot, on the slot that was live', async () => {
    await host.host.reboot();
    await host.shell(
      'for i in $(seq 100); do curl -sf http://127.0.0.1/ >/dev/null && exit; sleep 0.1; done; exit 1',
    );
    expect(await page()).toContain('"buildVersion":"v2"');
    expect(await containers()).toBe('edgepaas-web-green running');
  });

  it('keeps nothing of releases that failed but of the last, be the clearing away killed half-way', async () => {
    const receipts = '/var/lib/edgepaas/apps/web/receipts';
    await host.shell(`mkdir ${receipts}/web-9; echo gone@sha256:${'0'.repeat(64)} >${receipts}/web-9/image`);
    for (const fence of [14, 15, 16]) {
      const failed = await host.push(variants.neverHealthy(`v${fence}`));
      const values = { ...valuesOf(host, fence, failed), healthTimeout: '0' };
      for (const phase of ['resolve-env', 'pull-release'] as const) await facts(phase, values);
      await failure('start-candidate', values);
      expect(await images()).toBe(sorted(v1, v2, failed));
    }
    const left = await host.shell(`cd ${receipts}/..; ls receipts env | tr '\\n' ' '`);
    expect(left).toBe('env: web-10.env web-16.env  receipts: web-1 web-10 web-16');
  });

  it('keeps as many releases that were live as it is told', async () => {
    const v3 = await host.push(variants.healthy('v3', 2000));
    const values = { ...valuesOf(host, 17, v3), keptReleases: '3' };
    await serve(values);
    await facts('retire', values);
    expect(await images()).toBe(sorted(v1, v2, v3));
    await facts('pull-release', { ...valuesOf(host, 18, v2), keptReleases: '2' });
    expect(await images()).toBe(sorted(v2, v3));
    await facts('revert', valuesOf(host, 18, v2));
  });

  it('judges room by the layers that it lacks and what they unpack to', async () => {
    const volume = '/mnt/docker-data';
    const used = () => host.shell(`df --output=used --block-size=1M ${volume} | tail -n 1`);
    await host.shell(
      `fallocate -l $(($(df --output=avail -B1 ${volume} | tail -n 1) - (100 << 20))) ${volume}/filler`,
    );
    const before = await used();
    const large = await host.push({ buildVersion: 'v19', emptyBytes: 150 << 20 });
    const refused = await failure('pull-release', valuesOf(host, 19, large));
    expect(refused).toMatchObject({ failure: 'disk-full' });
    expect(refused.cause).toMatch(
      /needs 2[0-9]{2} MiB .* 1 of its 2 layers, 150 MiB unpacked.* 100 MiB are free/,
    );
    expect(await used()).toBe(before);
    const small = await host.push(variants.healthy('v20', 3000));
    expect(await facts('pull-release', valuesOf(host, 20, small))).toMatchObject({ pulled: true });
    await host.shell(`rm ${volume}/filler`);
  });

  it('counts every request while logrotate rotates the log, and reloads nothing', async () => {
    const values = valuesOf(host, 21, v2);
    const workers = () => host.shell('pgrep --parent $(cat /run/nginx.pid) | sort | tr "\\n" " "');
    const before = await workers();
    await serve(values);
    const statuses = await host.shell(`for round in 1 2 3 4; do
        curl -s -o /dev/null -w '%{http_code}\\n' 'http://127.0.0.1/?[1-50]'
        logrotate --force --state /var/lib/logrotate/edgepaas.status /etc/edgepaas/logrotate.conf
      done | sort | uniq -c`);
    expect(statuses).toBe('200 200');
    expect(await facts('retire', values)).toMatchObject({ requests: 200, status5xx: 0 });
    expect(await workers()).toBe(before);
  });

  it('rotates a log by its size, beside the distribution’s own rotation', async () => {
    const list = 'systemctl start edgepaas-logs; cd /var/log/nginx/edgepaas; stat -c "%n %s" web.*';
    const before = await host.shell(list);
    await host.shell('head -c 17M /dev/zero >>/var/log/nginx/edgepaas/web.error.log');
    const [added] = (await host.shell(list)).split('\n').filter((line) => !before.includes(line));
    expect(added).toMatch(/^web.error.log.1 178[0-9]+$/);
    const clash = 'logrotate --debug /etc/logrotate.conf 2>&1 | grep -ci duplicate || true';
    expect(await host.shell(`systemctl is-active edgepaas-logs.timer; ${clash}`)).toBe('active\n0');
  });

  it('knows who holds port 80 also while Nginx stops and starts', async () => {
    const [libraries] = composeScript('install-nginx').split('\nphase::begin ');
    const { stdout } = await runOn(
      host.host,
      `${libraries}
      touch /run/restarting
      for i in {1..40}; do systemctl reset-failed nginx; systemctl restart nginx; done && rm /run/restarting &
      while [[ -e /run/restarting ]]; do site::port_80_holder; echo "\${REPLY:-nobody}" >&3; done`,
    );
    expect([...new Set(stdout.trim().split('\n'))].sort()).toEqual(['nginx', 'nobody']);
  });
});
