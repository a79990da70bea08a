import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rehearsal } from '../../../rehearsal/rehearsal.ts';
import { mainJob } from '../../../rehearsal/scenario/main-job.ts';
import { tellScenario, type Told } from '../../../rehearsal/scenario/tell.ts';
import { createSimulatedStage } from '../../../rehearsal/stage/simulated-stage.ts';

const silent = { begins() {}, ended() {}, aborted: () => false };

describe('The main job on a simulated host, with two apps on other ports and paths', () => {
  let rehearsal: Rehearsal;
  let told: Told;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({
      configFile: 'test/rehearsal/scenario/quick.config.ts',
      makeStage: (tags, app) => createSimulatedStage({ tags, app: app.name }),
    });
    told = await tellScenario(rehearsal, mainJob, silent, () => {});
  });
  afterAll(() => rehearsal?.close());

  it('goes as it should', () => {
    expect(told.problems).toEqual([]);
    expect(
      told.deployments.map(({ outcome, failureId, servingAfterwards }) => [
        outcome,
        failureId,
        servingAfterwards,
      ]),
    ).toEqual([
      ['Succeeded', null, 'v1'],
      ['Succeeded', null, 'v2'],
      ['Failed', 'health-check-failed', 'v2'],
      ['Succeeded', null, 'v1'],
      ['RolledBack', 'candidate-died', 'v1'],
    ]);
  });

  it('deploys the first app, by pushes and by hand', () => {
    expect(told.deployments.map(({ deploymentId, trigger }) => `${deploymentId} ${trigger}`)).toEqual([
      'shop-1 push',
      'shop-2 push',
      'shop-3 push',
      'shop-4 manual',
      'shop-5 push',
    ]);
  });

  it('takes at most five commands and twenty transitions until live on a prepared host', () => {
    const { commandsUntilLive, stateTransitionsUntilLive } = told.deployments[1]!;
    expect(commandsUntilLive).toBeLessThanOrEqual(5);
    expect(stateTransitionsUntilLive).toBeLessThanOrEqual(20);
  });

  it('claims no load where no client asked', () => {
    expect(told.deployments.every(({ title, load }) => load === null && !title.includes('load'))).toBe(true);
  });
});

describe('A main job whose first step fails', () => {
  it('stops there, says what was not rehearsed, and keeps the logs if asked', async () => {
    const rehearsal = await Rehearsal.start({
      configFile: 'test/rehearsal/scenario/quick.config.ts',
      makeStage: (tags, app) => createSimulatedStage({ tags, app: app.name }),
    });
    rehearsal.agentOf(rehearsal.stage.hosts[0]).setPing('ConnectionLost');
    const { deployments, problems } = await tellScenario(rehearsal, mainJob, silent, () => {});
    expect(deployments).toHaveLength(1);
    expect(problems[0]).toMatch(
      /^A first push to a bare host: ended Failed instead of Succeeded \(host-offline: /,
    );
    expect(problems.at(-1)).toMatch(
      /^Not rehearsed after that: The next push; .* dies seconds after the switch$/,
    );
    await rehearsal.close(true);
    expect(existsSync(rehearsal.logFolder)).toBe(true);
    await rehearsal.close();
    expect(existsSync(rehearsal.logFolder)).toBe(false);
  });
});
