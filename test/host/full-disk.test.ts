import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import type { ImageSpec } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import type { PhaseHost, Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';

const toServe: PhaseName[] = ['resolve-env', 'pull-release', 'start-candidate', 'switch-traffic'];
const state = '/var/lib/edgepaas';
const volume = '/mnt/docker-data';

describeRealHost('a disk that somebody else has filled', () => {
  let host: PhaseHost;
  let fence = 0;

  beforeAll(async () => {
    host = await createPreparedHost();
    // A disk of its own, so that there is room for the agent's files.
    await host.shell(
      `cp -a ${state} /root/state; mount -t tmpfs -o size=64m tmpfs ${state}; cp -a /root/state/. ${state}`,
    );
    await walk(toServe, await next(variants.healthy('v1')));
  });
  afterAll(() => host?.close());

  const next = async (spec: ImageSpec): Promise<Values> => ({
    ...valuesOf(host, ++fence, await host.push(spec)),
    ...{ drainTimeout: '1', bakeSeconds: '0' },
  });

  async function walk(phases: PhaseName[], values: Values): Promise<void> {
    for (const phase of phases) await host.finish(phase, values);
  }

  const fill = (disk: string) =>
    host.shell(`cd ${disk}; fallocate -l $(stat -f -c '%f*%S' . | xargs -I@ bash -c 'echo $((@))') filler || true
      cat /dev/zero >rest 2>/dev/null || true; sync .; df --output=avail . | tail -n 1`);
  const free = (disk: string) => host.shell(`rm -f ${disk}/filler ${disk}/rest`);
  const page = () => host.shell('curl -s http://127.0.0.1/');

  it('stops each phase by its name and harms nothing; with room made, the same phase goes on', async () => {
    const values = await next(variants.healthy('v2'));
    for (const phase of [...toServe, 'bake', 'retire'] as const) {
      await fill(state);
      const { receipt, result } = await host.run(phase, values);
      expect(receipt, result.stderr).toMatchObject({ result: 'failed', failure: 'disk-full' });
      expect((receipt as { cause: string }).cause).toContain(`The disk at ${state} is full`);
      expect(await host.shell(`find ${state} -name '*.json' -size 0; find ${state} -name '*.new'`)).toBe('');
      expect(await page()).toContain(`"buildVersion":"${['bake', 'retire'].includes(phase) ? 'v2' : 'v1'}"`);
      await free(state);
      await host.finish(phase, values);
    }
  });

  it('is in nobody’s way back', async () => {
    const values = await next(variants.healthy('v3'));
    await walk(toServe, values);
    await fill(state);
    const way = await host.finish('revert', { ...values, fence: String(Number(values.fence) + 1) });
    expect(way).toMatchObject({ switched: true, liveSlot: 'green' });
    expect(await page()).toContain('"buildVersion":"v2"');
    await free(state);
    expect(await host.finish('revert', values)).toMatchObject({ switched: true });
  });

  it('is named when it is Docker’s', async () => {
    const values = await next(variants.healthy('v4'));
    await walk(['resolve-env', 'pull-release'], values);
    await fill(volume);
    const { receipt } = await host.run('start-candidate', values);
    expect(receipt).toMatchObject({ failure: 'disk-full' });
    expect((receipt as { cause: string }).cause).toContain("Docker's volume is full");
    expect(await page()).toContain('"buildVersion":"v2"');
    await free(volume);
    await walk(['start-candidate', 'switch-traffic', 'bake', 'retire'], values);
    expect(await page()).toContain('"buildVersion":"v4"');
  });
});
