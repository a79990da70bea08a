import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { receipt, type Receipt } from '../../contracts/receipt.ts';
import { composeScript } from '../../lib/compose-script.ts';
import type { ImageSpec } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import type { PhaseHost, Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';

describeRealHost('a release under traffic', () => {
  let host: PhaseHost;
  let fence = 0;

  beforeAll(async () => {
    host = await createPreparedHost();
    const first = await next(variants.healthy('v1'));
    await serve(first);
    await host.finish('retire', first);
  });
  afterAll(() => host?.close());

  const isWatch = (ms: number) => ms >= 2000 && ms < 60_000;

  const next = async (spec: ImageSpec): Promise<Values> => ({
    ...valuesOf(host, ++fence, await host.push(spec)),
    drainTimeout: '1',
  });

  async function serve(values: Values): Promise<void> {
    for (const phase of ['resolve-env', 'pull-release', 'start-candidate', 'switch-traffic'] as const)
      await host.finish(phase, values);
  }

  it('is watched for as long as was asked, though the clock is set back and forth an hour meanwhile', async () => {
    const good = { ...(await next(variants.healthy('v2'))), bakeSeconds: '2' };
    await serve(good);
    const baked = await runWithUnsteadyClock('bake', good);
    expect(baked.result).toBe('done');
    expect(isWatch(baked.ms)).toBe(true);
    const bad = { ...(await next(variants.neverHealthy('v3'))), healthTimeout: '2' };
    for (const phase of ['resolve-env', 'pull-release'] as const) await host.finish(phase, bad);
    const failed = await runWithUnsteadyClock('start-candidate', bad);
    expect(failed).toMatchObject({ failure: 'health-check-failed' });
    expect(isWatch(failed.ms)).toBe(true);
  });

  it('is unhealthy if its health flaps, though never three times in a row', async () => {
    const values = { ...(await next(variants.sickUnderTraffic('v4', 'flaps'))), bakeSeconds: '1' };
    await serve(values);
    await host.shell('curl -s http://127.0.0.1/');
    const failed = await failure('bake', values);
    expect(failed).toMatchObject({ failure: 'health-check-failed' });
    expect(failed.cause).toContain('/health answers 503, and 3 of the last');
    await host.finish('revert', values);
  });

  it('outlasts one slow answer and a restart of Docker', async () => {
    const values = { ...(await next(variants.healthy('v5'))), bakeSeconds: '1' };
    await serve(values);
    const later = 'systemd-run -q --timer-property=AccuracySec=100ms';
    await host.shell(`pid=$(docker inspect --format '{{.State.Pid}}' $(${containerOf(values)}))
      kill -STOP $pid; ${later} --on-active=6 kill -CONT $pid; ${later} --on-active=1 systemctl restart docker.service`);
    await host.finish('bake', values);
    await host.finish('retire', values);
  });

  it('is not taken for another one, nor for what port 80 does not show', async () => {
    const values = { ...(await next(variants.healthy('v6'))), bakeSeconds: '0' };
    await serve(values);
    const other = await failure('bake', { ...values, buildVersion: 'v6-not' });
    expect(other).toMatchObject({ failure: 'identity-mismatch' });
    await host.shell('systemctl stop nginx');
    const unseen = await failure('bake', values);
    expect(unseen).toMatchObject({ failure: 'switch-not-proven' });
    await host.shell('systemctl start nginx');
    await host.finish('bake', values);
  });

  it.each([
    ['is held against what was asked in vain', false, 'failed'],
    ['is not held against what was asked of a host that was booting', true, 'done'],
  ])('%s', async (_, boots, result) => {
    const values = { ...(await next(variants.healthy(`v${fence}-asked`))), bakeSeconds: '1' };
    await serve(values);
    if (boots) await host.host.reboot();
    await host.shell(`both=$(docker ps --quiet); docker stop -t 1 $both
      for i in $(seq 30); do curl -s -o /dev/null http://127.0.0.1/; done; docker start $both`);
    const { receipt: baked } = await host.run('bake', values);
    expect(baked.result).toBe(result);
    expect(JSON.stringify(baked)).toContain(boots ? '"status5xx":30' : 'error-rate-rose');
    await host.finish('revert', values);
  });

  it('is not held against what was asked before a boot and ends after it, which is counted', async () => {
    const values = { ...(await next(variants.healthy(`v${fence}-late`))), bakeSeconds: '2' };
    await serve(values);
    await host.host.reboot();
    await host.shell(`cat >/run/late.sh <<'END'
while sleep 0.1; do
  for port in 8080 8081; do printf '%s\\t502\\t60.000\\t127.0.0.1:%s\\n' "$(date +%s.%3N)" $port; done
done >>/var/log/nginx/edgepaas/web.log
END
      systemd-run -q --unit late sh /run/late.sh`);
    const baked = await host.finish('bake', values);
    await host.shell('systemctl stop late');
    expect(baked['status5xx']).toBeGreaterThan(3);
    await host.finish('revert', values);
  });

  it('died, and is said why, though Docker has started it again', async () => {
    const memory = { environment: { EAT_MEMORY_ON_SIGUSR2: 'true' } };
    const values = { ...(await next({ ...variants.healthy('v7'), ...memory })), bakeSeconds: '30' };
    await serve(values);
    const baked = failure('bake', values);
    await host.shell(`docker kill --signal USR2 $(${containerOf(values)})`);
    expect((await baked).cause).toMatch(
      /^The release died under traffic: .*, killed for want of memory\. Its last/,
    );
    expect(await baked).toMatchObject({ failure: 'candidate-died' });
    await host.finish('revert', values);
  });

  const containerOf = ({ deploymentId }: Values) =>
    `docker ps --quiet --filter label=edgepaas.deployment=${deploymentId}`;

  async function failure(phase: PhaseName, values: Values): Promise<Receipt & { result: 'failed' }> {
    const { receipt: got } = await host.run(phase, values);
    if (got.result !== 'failed') throw new Error(`${phase} did not fail`);
    return got;
  }

  /** What bash tells of the clock jumps whenever the script has slept; the machine's own clock stays as it is. */
  async function runWithUnsteadyClock(phase: PhaseName, values: Values): Promise<Receipt> {
    const variables = Object.entries(values).map(([name, value]) => [`SSM_${name}`, value]);
    const result = await host.host.runScript({
      ...{ documentName: phase, stepName: phase, commandId: randomUUID() },
      script: composeScript(phase).replace('\nphase::begin ', () => `\n${unsteadyClock}\nphase::begin `),
      environment: Object.fromEntries(variables) as Record<string, string>,
      timeoutSeconds: 60,
    });
    return receipt.parse(JSON.parse(result.stdout));
  }
});

const unsteadyClock = `
  now=$EPOCHREALTIME seconds=$SECONDS jump=3600
  unset EPOCHREALTIME SECONDS
  EPOCHREALTIME=$now SECONDS=$seconds
  eval "steady_$(declare -f phase::sleep)"
  phase::sleep() {
    steady_phase::sleep "$@"
    EPOCHREALTIME=$((\${EPOCHREALTIME%.*} + jump)).000000 SECONDS=$((SECONDS + jump)) jump=$((-jump))
  }`;
