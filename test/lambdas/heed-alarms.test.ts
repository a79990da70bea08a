import { describe, expect, test } from 'vitest';
import { judgeBakes, judgePhase, type AlarmStateEvent } from '../../lambdas/judge-phase.ts';
import { runKey, type PhaseRun } from '../../lambdas/lib/ledger.ts';
import { sweep } from '../../lambdas/sweep.ts';
import { readEvent } from './support/fixture.ts';
import { doneLine, failedLine, invocationOf, sampleRun } from './support/samples.ts';
import { useWorld } from './support/setup.ts';

const world = useWorld();
const event = readEvent<AlarmStateEvent>('cloudwatch-alarm-raised');
const [switchedAt, bakedAt] = [1_000_000, 1_010_000];

/** A bake that heeds web-errors, and what its host says so far. */
async function baking(status: 'InProgress' | 'Success' = 'InProgress', overrides: Partial<PhaseRun> = {}) {
  const run = sampleRun({
    commandIds: new Set(['command-1']),
    since: bakedAt,
    alarms: ['web-errors'],
    ...overrides,
  });
  const moved = sampleRun({ phase: 'switch-traffic', since: switchedAt, open: undefined });
  for (const one of [moved, run]) await world.ledger.put(runKey(one), { ...one });
  const output = status === 'Success' ? doneLine(run) : '';
  world.ssmDouble.invocations.set('command-1', [invocationOf(run, output, { status })]);
  return run;
}

const raise = (since: number, state = 'ALARM') =>
  void world.cloudwatchDouble.alarms.set('web-errors', { state, since });
const answers = () => world.statesDouble.answers;
const alarmRaised = { taskToken: 'token-1', error: 'alarm-raised' };

describe('an alarm that is raised while a release is watched', () => {
  test('ends bake at once, by name, time and reason', async () => {
    await baking();
    raise(bakedAt + 5000);
    expect(await judgeBakes(event, world)).toEqual(['web-1.bake.0']);
    expect(answers()).toEqual([
      {
        ...alarmRaised,
        cause: 'the alarm web-errors was raised at 1970-01-01T00:16:55.000Z: Threshold Crossed',
      },
    ]);
    expect(await judgeBakes(event, world)).toEqual([]);
  });

  test('does so from the moment at which the first wave’s traffic moved', async () => {
    await baking();
    raise(switchedAt);
    expect(await judgeBakes(event, world)).toHaveLength(1);
  });

  test('does so too when the switch was sent again since', async () => {
    const settledAt = switchedAt - 120_000;
    const ready = sampleRun({
      phase: 'start-candidate',
      open: undefined,
      since: settledAt - 5000,
      settledAt,
    });
    await world.ledger.put(runKey(ready), { ...ready });
    await baking();
    raise(settledAt - 1);
    expect(await judgeBakes(event, world)).toEqual([]);
    raise(settledAt + 1000);
    expect(await judgeBakes(event, world)).toHaveLength(1);
  });

  test('whose event got lost is seen by the sweep', async () => {
    await baking();
    raise(bakedAt + 5000);
    expect(await sweep(world)).toMatchObject({ settled: 1, errors: [] });
    expect(answers()).toMatchObject([alarmRaised]);
  });

  test('is seen at the latest when the hosts say that all is well', async () => {
    const run = await baking('Success');
    raise(bakedAt + 5000);
    world.ssmDouble.comments.set('command-1', 'web-1.bake.0');
    expect(await judgePhase({ detail: { 'command-id': 'command-1' } }, world)).toBe('failure');
    expect(answers()).toMatchObject([alarmRaised]);
    expect((await world.ledger.run(run))?.receipts).toMatchObject({ 'i-0aaaaaaaa': { result: 'done' } });
  });

  test('does not hide what a host has found itself', async () => {
    const run = await baking();
    const failed = invocationOf(run, failedLine(run, 'candidate-died'), { status: 'Failed' });
    world.ssmDouble.invocations.set('command-1', [failed]);
    raise(bakedAt + 5000);
    await sweep(world);
    expect(answers()).toMatchObject([{ error: 'candidate-died' }]);
  });
});

describe('bake goes on', () => {
  test.each([
    ['was raised before traffic moved', () => raise(switchedAt - 1)],
    ['is no longer raised: the event alone is not believed', () => raise(bakedAt + 5000, 'OK')],
    ['is gone', () => {}],
  ])('when the alarm %s', async (_, happens) => {
    await baking();
    happens();
    expect(await judgeBakes(event, world)).toEqual([]);
    expect(answers()).toEqual([]);
  });

  test('when it heeds other alarms, or none', async () => {
    await baking('InProgress', { alarms: ['api-errors'] });
    raise(bakedAt + 5000);
    expect(await judgeBakes(event, world)).toEqual([]);
    await baking('InProgress', { alarms: undefined });
    expect(await judgeBakes(event, world)).toEqual([]);
  });
});
