import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useSimulatedWorlds } from '../../support/simulated-world.ts';

const begin = useSimulatedWorlds(join(import.meta.dirname, '..', '..', 'support', 'alarms.config.ts'));
type World = Awaited<ReturnType<typeof begin>>;

async function watching(settings: Parameters<typeof begin>[0] = {}) {
  const world = await begin(settings);
  world.deployer.cloudwatch.createAlarm('web-errors');
  return { world, first: await world.deploy('v1') };
}

const raise = ({ deployer }: World) =>
  deployer.cloudwatch.setState('web-errors', 'ALARM', 'Threshold Crossed: 99 errors');
const baking = (world: World) => async () =>
  (await world.deployer.ledger.open()).some((item) => 'phase' in item && item.phase === 'bake');
const newest = async (world: World) => (await world.history())[0];

/** Pushes a release, and raises the alarm while it is watched. Answers how many milliseconds bake went on. */
async function raiseInBake(world: World): Promise<number> {
  world.push('v2');
  expect(await world.comesWithin(baking(world), 120)).toBe(true);
  const raisedAt = world.time.now();
  raise(world);
  await world.untilEnded();
  const bake = await world.runOf('bake');
  return bake!.settledAt! - raisedAt;
}

test('an alarm that is raised in bake brings the release before back on all hosts', async () => {
  const { world, first } = await watching({ hosts: 3 });
  expect(await raiseInBake(world)).toBeLessThan(1000);
  expect(world.serves()).toEqual([first, first, first]);
  const closed = (await newest(world))?.closed as { failure?: { Error: string; Cause: string } };
  expect(await newest(world)).toMatchObject({ outcome: 'RolledBack' });
  expect(closed.failure).toMatchObject({ Error: 'alarm-raised' });
  expect(closed.failure?.Cause).toMatch(
    /the alarm web-errors was raised at .*: Threshold Crossed: 99 errors/,
  );
});

test('so does one whose event got lost, at the next sweep', async () => {
  const { world, first } = await watching({
    eventFault: ({ source }) => (source === 'aws.cloudwatch' ? { drop: true } : undefined),
  });
  expect(await raiseInBake(world)).toBeLessThanOrEqual(60_000);
  expect(world.serves()).toEqual([first]);
  expect(await newest(world)).toMatchObject({ outcome: 'RolledBack' });
});

test('one that is raised already says nothing of the new release, which may be the fix', async () => {
  const { world } = await watching();
  raise(world);
  const second = await world.deploy('v2');
  expect(world.serves()).toEqual([second]);
});

test('one that does not exist stops a deployment before any host is asked', async () => {
  const { world, first } = await watching();
  world.deployer.cloudwatch.deleteAlarm('web-errors');
  await world.deploy('v2');
  expect(world.serves()).toEqual([first]);
  expect(await newest(world)).toMatchObject({
    outcome: 'Failed',
    closed: { failure: { Error: 'alarm-not-found' } },
  });
});
