import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missingForRealHost } from '../../../rehearsal/host/can-host.ts';
import { ensurePreparedImage } from '../../../rehearsal/phases/prepared-host.ts';
import { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import { hostsScenario } from '../../../rehearsal/scenario/hosts.ts';
import { tellScenario, type Told } from '../../../rehearsal/scenario/tell.ts';
import { createRealStage } from '../../../rehearsal/stage/real-stage.ts';

const missing = missingForRealHost();
const title = missing.length > 0 ? ` (skipped: a real host needs ${missing.join(', ')})` : '';
const silent = { begins() {}, ended() {}, aborted: () => false };
/** Without the steps that simulated hosts prove, and with less load: other tests want the processor too. */
const scenario = {
  rates: { ...hostsScenario.rates, keepAliveGetsPerSecond: 8, newConnectionGetsPerSecond: 4 },
  steps: hostsScenario.steps.filter(({ inTests = true }) => inTests),
};

describe.skipIf(missing.length > 0)(`The scenario of three hosts, on real ones${title}`, () => {
  let rehearsal: Rehearsal;
  let told: Told;
  beforeAll(async () => {
    const image = await ensurePreparedImage();
    rehearsal = await Rehearsal.start({
      configFile: 'test/rehearsal/end-to-end/hosts.config.ts',
      makeStage: (tags) => createRealStage({ tags, image, hosts: 3, volume: { attached: true } }),
    });
    told = await tellScenario(rehearsal, scenario, silent, () => {});
  }, 600_000);
  afterAll(() => rehearsal?.close());

  it('goes as it should: the canary first, and from a failure in the last wave all come back, with nothing lost', () => {
    expect(told.problems).toEqual([]);
    expect(told.deployments.map(({ outcome }) => outcome)).toEqual(['Succeeded', 'Succeeded', 'RolledBack']);
  });

  it('has had load on each host all the time', () => {
    const loads = told.deployments
      .slice(1)
      .flatMap(({ hosts }) => hosts.map(({ load }) => load?.requests ?? 0));
    expect(Math.min(...loads)).toBeGreaterThan(50);
  });
});
