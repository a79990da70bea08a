import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { receipt, type Receipt } from '../../contracts/receipt.ts';
import { composeScript } from '../../lib/compose-script.ts';
import { lookAtHost } from '../../rehearsal/agreement/look-at-host.ts';
import type { ImageSpec } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import type { PhaseHost, Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';
import { describeRealHost, runOn } from '../rehearsal/host/fixture.ts';

const toStart: PhaseName[] = ['resolve-env', 'pull-release', 'start-candidate'];
const toServe: PhaseName[] = [...toStart, 'switch-traffic'];

describeRealHost('the way back, and forward again', () => {
  let host: PhaseHost;
  let fence = 0;

  beforeAll(async () => {
    host = await createPreparedHost();
    await walk(toServe, await next(variants.healthy('v1')));
  });
  afterAll(() => host?.close());

  const next = async (spec: ImageSpec): Promise<Values> => ({
    ...valuesOf(host, ++fence, await host.push(spec)),
    ...{ drainTimeout: '1', healthTimeout: '3' },
  });

  async function walk(phases: PhaseName[], values: Values): Promise<void> {
    for (const phase of phases) await host.finish(phase, values);
  }

  async function failure(phase: PhaseName, values: Values): Promise<Receipt & { result: 'failed' }> {
    const { receipt: got } = await host.run(phase, values);
    if (got.result !== 'failed') throw new Error(`${phase} did not fail`);
    return got;
  }

  const page = () => host.shell('curl -s http://127.0.0.1/');
  const containers = () => host.shell("docker ps -a --format '{{.Names}} {{.State}}' | sort");

  it('is not undone by a command that was sent before it and comes late', async () => {
    const values = await next(variants.healthy('v2'));
    await walk(toStart, values);
    await host.finish('revert', values);
    for (const phase of [...toServe, 'bake', 'retire'] as const)
      expect(await failure(phase, values), phase).toMatchObject({ failure: 'fence-stale' });
    expect((await host.run('revert', values)).receipt.result).toBe('already-done');
    expect(await containers()).toBe('edgepaas-web-blue running');
  });

  it('is proven also by a run that follows one which was killed before its proof', async () => {
    const values = await next(variants.healthy('v2'));
    await walk(toServe, values);
    const app = '/var/lib/edgepaas/apps/web';
    await host.shell(
      `touch ${app}/receipts/${values.deploymentId}/reverting; rm ${app}/traffic/green; systemctl stop nginx`,
    );
    expect(await failure('revert', values)).toMatchObject({ failure: 'revert-failed' });
    await host.shell('systemctl start nginx');
    expect(await host.finish('revert', values)).toMatchObject({ switched: true, liveSlot: 'blue' });
    expect(await page()).toContain('"buildVersion":"v1"');
  });

  it('leads from a candidate that is gone to a release that is sick, if that is all that runs, and says so', async () => {
    await walk(toServe, await next(variants.sickUnderTraffic('v3', 'never')));
    expect(await page()).toContain('"buildVersion":"v3"');
    const values = await next(variants.healthy('v4'));
    await walk(toServe, values);
    await host.shell('docker stop -t 0 edgepaas-web-blue');
    for (const _ of ['first', 'sent again']) {
      const { failure: id, cause } = await failure('revert', values);
      expect(id).toBe('revert-failed');
      expect(cause).toContain('not healthy (/health answers 503): traffic is on green');
      expect(cause).toMatch(
        /Port 80 answers 503, from green; blue: v4 \(sha256:[0-9a-f]{12}\), exited, exit code/,
      );
      expect(cause).toMatch(/green: v3 \(sha256:[0-9a-f]{12}\), running, its health path answers 503$/);
      expect(await page()).toContain('"buildVersion":"v3"');
    }
  });

  it('is no more needed once a release is healthy: a live one that is broken stands in nobody’s way', async () => {
    await host.shell('docker stop -t 0 edgepaas-web-green');
    const values = await next(variants.healthy('v5'));
    const { receipt } = await host.run('inspect', values);
    expect(receipt).toMatchObject({ facts: { prepared: true, liveRunning: false, serving: 'unknown' } });
    await walk([...toServe, 'bake', 'retire'], values);
    expect(await page()).toContain('"buildVersion":"v5"');
  });

  it('stays open as long as the new release is down', async () => {
    const values = await next(variants.healthy('v6'));
    await walk(toServe, values);
    await host.shell('docker stop -t 0 edgepaas-web-green');
    expect((await failure('retire', values)).cause).toContain('the release before was not stopped');
    expect(await page()).toContain('"buildVersion":"v5"');
    await host.finish('revert', values);
  });

  it('that is barred leaves traffic where it is served, and says what runs where', async () => {
    const values = await next(variants.healthy('v7'));
    await walk(toServe, values);
    await host.shell('docker rm -f edgepaas-web-blue');
    const { cause, liveDigest } = await failure('revert', values);
    expect(liveDigest).toBe(values.digest);
    expect(cause).toContain(
      'cannot be started on blue (No such container: edgepaas-web-blue): traffic is on green',
    );
    expect(cause).toMatch(
      /Port 80 answers 200, from green; blue: empty; green: v7 \(sha256:[0-9a-f]{12}\), healthy$/,
    );
    expect(await page()).toContain('"buildVersion":"v7"');
  });

  it('takes traffic from a candidate that never answered the proof, and says that it had some', async () => {
    const [before, ran] = [await page(), await containers()];
    const values = await next(variants.healthy('v4'));
    await walk(toStart, values);
    const candidate = await host.shell('docker ps --latest --format "{{.Names}}"');
    await host.shell(`docker pause ${candidate}`);
    expect(await failure('switch-traffic', values)).toMatchObject({ failure: 'switch-not-proven' });
    expect(await page()).toBe(before);
    expect(await host.finish('revert', values)).toMatchObject({ switched: true });
    expect(await containers()).toBe(ran);
  });

  describe('a phase that is sent twice', () => {
    const lock = '/var/lib/edgepaas/apps/web/lock';
    const note = '/run/edgepaas/at-work-web';
    /** Impatient, so that what is shown is not only that it waits long enough. */
    const sendAgain = (phase: PhaseName, values: Values) => {
      const parameters = Object.entries(values).map(([name, value]) => [`SSM_${name}`, value]);
      const environment = Object.fromEntries(parameters) as Record<string, string>;
      const script = composeScript(phase).replace('LOCK_APP_SECONDS=40', 'LOCK_APP_SECONDS=1');
      return runOn(host.host, script, { environment });
    };
    /** Another holder of the app's lock for three seconds, of whom the note says what it is told. */
    const whileHeld = async <T>(who: string, what: () => Promise<T>, left = '$pid'): Promise<T> => {
      await host.shell(`systemd-run -q --unit at-work flock ${lock} sleep 3
        pid=$(systemctl show --property MainPID --value at-work)
        printf '%s\\n' '${who}' ${left} >${note}
        until ! flock --nonblock ${lock} true; do :; done`);
      const result = await what();
      await host.shell('while systemctl is-active --quiet at-work; do sleep 0.1; done');
      return result;
    };
    const whoIs = ({ deploymentId, fence }: Values) => `${deploymentId} resolve-env ${fence}`;

    it('waits for the first, however long that takes, and goes on if that was killed', async () => {
      const values = await next(variants.healthy('v4'));
      const { stdout } = await whileHeld(whoIs(values), () => sendAgain('resolve-env', values));
      expect(receipt.parse(JSON.parse(stdout))).toMatchObject({ result: 'done' });
    });

    it('waits for no other that long', async () => {
      const values = await next(variants.healthy('v4'));
      const { stdout } = await whileHeld('web-1 resolve-env 1', () => sendAgain('resolve-env', values));
      expect(receipt.parse(JSON.parse(stdout))).toMatchObject({ failure: 'host-busy' });
    });

    it('says what the first said also when that is only clearing up', async () => {
      const values = await next(variants.healthy('v4'));
      const again = () => sendAgain('resolve-env', values);
      const { stdout, exitCode } = await whileHeld(whoIs(values), again, `'{"result":"failed"}'`);
      expect({ stdout: stdout.trim(), exitCode }).toEqual({ stdout: '{"result":"failed"}', exitCode: 1 });
    });

    it('says what the first said: a verdict stands', async () => {
      const values = { ...(await next(variants.neverHealthy('v4'))), healthTimeout: '5' };
      await walk(['resolve-env', 'pull-release'], values);
      const first = host.start('start-candidate', values);
      await host.shell(`until grep -qs start-candidate ${note}; do sleep 0.02; done`);
      const second = await sendAgain('start-candidate', values);
      const { stdout } = await first;
      expect(receipt.parse(JSON.parse(stdout))).toMatchObject({ failure: 'health-check-failed' });
      expect(second).toMatchObject({ stdout, exitCode: 1 });
    });
  });

  /** As a Docker does that is restarted when it has just started a container, and has not yet written that down. */
  const forget = (container: string) =>
    host.shell(`
      record=/mnt/docker-data/docker/containers/$(docker inspect --format '{{.Id}}' ${container})/config.v2.json
      systemctl stop docker.socket docker.service 2>&1
      sed -i 's/"Running":true/"Running":false/' $record
      systemctl start docker.service`);
  const slotPorts = { blue: 8080, green: 8081 };
  const web = { name: 'web', serverNames: ['_'], healthPath: '/health', slotPorts };
  const forgotten = async () => (await lookAtHost(host.host, web)).forgotten;

  it('starts the release before also when Docker has forgotten that it runs', async () => {
    const values = await next(variants.healthy('v5'));
    await walk([...toServe, 'retire'], values);
    const before = await page();
    const [from] = (await containers()).split('\n').filter((line) => line.endsWith('exited'));
    const previous = from!.split(' ')[0]!;
    await host.shell(`docker start ${previous}`);
    await forget(previous);
    expect(await forgotten()).toHaveLength(1);
    expect(await host.finish('revert', values)).toMatchObject({ switched: true });
    expect(await page()).not.toBe(before);
    expect(await forgotten()).toEqual([]);
  });

  it('leaves no candidate running that Docker has forgotten', async () => {
    const values = await next(variants.healthy('v6'));
    await walk(toStart, values);
    const candidate = (await host.shell('docker ps --latest --format "{{.Names}}"')).trim();
    await forget(candidate);
    expect(await forgotten()).toHaveLength(1);
    await walk(toServe, await next(variants.healthy('v7')));
    expect(await forgotten()).toEqual([]);
    expect(await page()).toContain('"buildVersion":"v7"');
  });
});
