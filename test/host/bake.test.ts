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
