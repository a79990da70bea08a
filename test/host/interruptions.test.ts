import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import { receipt } from '../../contracts/receipt.ts';
import type { Image } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import type { PhaseHost, Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';

/** Seconds after which a run is killed: within bash's first steps, within a request to Docker, within its work. */
const moments = [0.03, 0.06, 0.1, 0.16, 0.25, 0.4];
const walk: PhaseName[] = ['resolve-env', 'pull-release', 'start-candidate', 'switch-traffic', 'retire'];

describeRealHost('phases that are killed at any moment and sent again', () => {
  let host: PhaseHost;
  let images: Image[];
  let fence = 0;

  beforeAll(async () => {
    host = await createPreparedHost();
    images = await Promise.all([host.push(variants.healthy('v1')), host.push(variants.healthy('v2', 1000))]);
    const first = next(0);
    for (const phase of walk) await finish(phase, first);
  });
  afterAll(() => host?.close());

  const next = (image: number): Values => ({ ...valuesOf(host, ++fence, images[image]), drainTimeout: '1' });
  const page = () => host.shell('curl -s http://127.0.0.1/');
  const containers = () => host.shell("docker ps -a --format '{{.Names}} {{.State}}' | sort");

  async function finish(phase: PhaseName, values: Values): Promise<Receipt> {
    const { receipt: got } = await host.run(phase, values);
    if (got.result === 'failed') throw new Error(`${phase}: ${got.failure}: ${got.cause}`);
    return got;
  }

  it('still move from release to release, whatever was cut short', async () => {
    for (const [index, moment] of moments.entries()) {
      const values = next((index + 1) % 2);
      for (const phase of walk) {
        await host.start(phase, values, moment);
        await finish(phase, values);
      }
      expect(await page()).toContain(`"buildVersion":"${values.buildVersion}"`);
      expect((await containers()).split('\n').map((line) => line.split(' ')[1])).toEqual(
        index % 2 === 0 ? ['exited', 'running'] : ['running', 'exited'],
      );
    }
  });

  it('still find the way back, from the middle of a switch or of the way back itself', async () => {
    const before = await page();
    for (const moment of moments) {
      const values = next(fence % 2);
      for (const phase of ['resolve-env', 'pull-release', 'start-candidate'] as const)
        await finish(phase, values);
      await host.start('switch-traffic', values, moment / 2);
      await host.start('revert', values, moment);
      const { facts } = (await finish('revert', values)) as { facts: Record<string, unknown> };
      expect(await page()).toBe(before);
      expect(facts.liveDigest).toBe(
        images.find(({ spec }) => before.includes(`"${spec.buildVersion}"`))?.digest,
      );
      expect(await containers()).toMatch(/^edgepaas-web-(blue|green) running$/);
    }
  });

  it('work once when the same command is sent twice at the same time', async () => {
    const values = next(0);
    for (const phase of walk) {
      const both = await Promise.all([host.start(phase, values), host.start(phase, values)]);
      const results = both.map(({ stdout }) => receipt.parse(JSON.parse(stdout)).result);
      expect(results.sort()).toEqual(['already-done', 'done']);
    }
  });
});
