import { describe, expect, test } from 'vitest';
import { liveSlot, otherSlot, type Slot } from '../../../rehearsal/host/simulated/host-state.ts';
import { useSimulatedWorlds } from '../../support/simulated-world.ts';

const begin = useSimulatedWorlds();
type World = Awaited<ReturnType<typeof begin>>;

const ids = async (world: World) => (await world.findings()).map(({ finding }) => finding);
const catchUps = async (world: World) =>
  (await world.history()).filter(({ request }) => request.trigger === 'catch-up');

/** A person stops the container that serves. */
function stopLive(world: World, index = 0): void {
  const app = world.appOn(index);
  app.slots[liveSlot(app) as Slot]!.stoppedAt = world.time.now();
}

describe('a host that was offline during a deployment', () => {
  test('is found offline, and brought to the current release when it appears', async () => {
    const world = await begin({ hosts: 3, rollout: { unavailableHosts: 1 } });
    const first = await world.deploy('v1');
    world.agentOf(1).setPing('ConnectionLost');
    const second = await world.deploy('v2');
    expect(world.serves()).toEqual([second, first, second]);
    await world.pass(3);
    expect(await world.findings()).toMatchObject([
      { finding: 'host-offline', host: world.fleet.hosts[1]!.instanceId },
    ]);
    world.agentOf(1).setPing('Online');
    expect(await world.comes(() => world.serves()[1] === second, 5)).toBe(true);
    await world.untilEnded();
    expect(await world.comes(async () => (await ids(world)).length === 0, 3)).toBe(true);
    expect(await catchUps(world)).toMatchObject([
      { outcome: 'Succeeded', request: { catchUp: [world.fleet.hosts[1]!.instanceId] } },
    ]);
  });
});

test('a new host takes the current release when it appears', async () => {
  const world = await begin();
  const release = await world.deploy('v1');
  world.deployer.ssm.addHost(world.fleet.add()!);
  expect(await world.comes(() => world.serves()[1] === release, 6)).toBe(true);
});

describe('a container that a person stopped', () => {
  test('is found within a quarter of an hour, and healed', async () => {
    const world = await begin();
    const release = await world.deploy('v1');
    await world.pass(5);
    expect(await ids(world)).toEqual([]);
    stopLive(world);
    expect(world.serves()).toEqual([502]);
    expect(await world.comes(async () => (await ids(world)).includes('host-not-serving'), 16)).toBe(true);
    expect(await world.comes(() => world.serves()[0] === release, 5)).toBe(true);
  });

  test('stays stopped, and is told, while the app is on hold', async () => {
    const world = await begin();
    const release = await world.deploy('v1');
    await world.ask({ hold: { by: 'Ana', reason: 'looking at a crash' } });
    stopLive(world);
    await world.pass(30);
    expect(await ids(world)).toEqual(['host-not-serving']);
    expect(await catchUps(world)).toEqual([]);
    await world.ask({ hold: false });
    expect(await world.comes(() => world.serves()[0] === release, 20)).toBe(true);
  });
});

test('what cannot be healed is tried three times, and reported from then on', async () => {
  const world = await begin();
  await world.deploy('v1');
  world.fleet.hosts[0]!.faults.add('start-candidate', { kind: 'fail', failure: 'slot-port-taken' }, 'every');
  stopLive(world);
  await world.pass(120);
  expect(await catchUps(world)).toMatchObject([
    { outcome: 'Failed' },
    { outcome: 'Failed' },
    { outcome: 'Failed' },
  ]);
  expect(await ids(world)).toEqual(['host-not-serving']);
});

test('a stray container is found, and gone when somebody has stopped it', async () => {
  const world = await begin();
  await world.deploy('v1');
  const app = world.appOn(0);
  const live = liveSlot(app) as Slot;
  const { stoppedAt: _, ...stray } = { ...app.slots[live]!, deploymentId: 'web-0' };
  app.slots[otherSlot(live)] = stray;
  expect(await world.comes(async () => (await ids(world)).length > 0, 16)).toBe(true);
  expect(await ids(world)).toEqual(['stray-candidate']);
  await world.pass(60);
  expect(await catchUps(world)).toEqual([]);
  app.slots[otherSlot(live)]!.stoppedAt = world.time.now();
  expect(await world.comes(async () => (await ids(world)).length === 0, 16)).toBe(true);
});

test('an Nginx that would not start again is found', async () => {
  const world = await begin();
  await world.deploy('v1');
  world.fleet.hosts[0]!.state.nginxConfigValid = false;
  expect(await world.comes(async () => (await ids(world)).includes('nginx-would-not-start'), 16)).toBe(true);
});

test('a host that does not answer is found, and its finding goes with its next answer', async () => {
  const world = await begin();
  await world.deploy('v1');
  await world.pass(5);
  world.fleet.hosts[0]!.faults.add('inspect', { kind: 'fail', failure: 'disk-full' });
  expect(await world.comes(async () => (await ids(world)).includes('host-unreadable'), 16)).toBe(true);
  expect(await world.comes(async () => (await ids(world)).length === 0, 16)).toBe(true);
});

test('nothing that was asked before a deployment is believed after it', async () => {
  const world = await begin({ hosts: 2 });
  await world.deploy('v1');
  stopLive(world);
  await world.pass(15);
  const release = await world.deploy('v2');
  await world.pass(30);
  expect(world.serves()).toEqual([release, release]);
  expect(await ids(world)).toEqual([]);
});
