import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import { tagRules } from '../../../rehearsal/scenario/build/tag-rules.ts';
import { tellScenario, type Told } from '../../../rehearsal/scenario/tell.ts';
import { createSimulatedStage } from '../../../rehearsal/stage/simulated-stage.ts';

const silent = { begins() {}, ended() {}, aborted: () => false };

describe('The tag rules on a simulated host', () => {
  let rehearsal: Rehearsal;
  let told: Told;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({
      configFile: 'test/rehearsal/scenario/instant.config.ts',
      makeStage: (tags, app) => createSimulatedStage({ tags, app: app.name }),
    });
    told = await tellScenario(rehearsal, { steps: tagRules }, silent, () => {});
  });
  afterAll(() => rehearsal?.close());

  it('hold: a moved latest, a push of the same, an index, removed tags', () => {
    expect(told.problems).toEqual([]);
    expect(
      told.deployments.map(({ buildVersion, outcome, failureId }) => [buildVersion, outcome, failureId]),
    ).toEqual([
      ['latest', 'Succeeded', null],
      ['latest', 'Succeeded', null],
      ['latest', 'Succeeded', null],
      ['index', 'Succeeded', null],
      ['removed', 'Succeeded', null],
      ['deleted', 'Failed', 'image-not-found'],
    ]);
  });

  it('leave a host untouched by what was deleted', () => {
    expect(told.deployments.at(-1)).toMatchObject({ commandsSent: 0, phases: [] });
  });
});
