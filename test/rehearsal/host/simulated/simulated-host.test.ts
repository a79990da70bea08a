import { beforeEach, describe, expect, it } from 'vitest';
import { phaseNames, type PhaseName } from '../../../../contracts/phase-name.ts';
import { phases } from '../../../../contracts/phases/index.ts';
import { commonFailures } from '../../../../contracts/phase.ts';
import type { DeploymentPlan } from '../../../../contracts/plan.ts';
import type { Fault, FaultTime } from '../../../../rehearsal/host/simulated/faults.ts';
import type { ImageBehaviour } from '../../../../rehearsal/host/simulated/image-behaviour.ts';
import { SimulatedHost } from '../../../../rehearsal/host/simulated/simulated-host.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { digestOf, planOf, readReceipt, runScript, volumeId } from '../../../support/simulated-fleet.ts';

const deployOrder = phaseNames.filter((phase) => phase !== 'revert');
const placeOf = (phase: PhaseName) => phaseNames.indexOf(phase);
const upTo = (phase: PhaseName) => deployOrder.slice(0, placeOf(phase) + 1);

let clock: ManualClock;
let behaviours: Map<string, ImageBehaviour>;
let host: SimulatedHost;

beforeEach(async () => {
  clock = new ManualClock();
  behaviours = new Map();
  host = new SimulatedHost({ clock, instanceId: 'i-1', tags: {}, behaviours, requestsPerSecond: 100 });
  await host.attachVolume(volumeId);
});

/** Runs a phase to its end, however long it takes. */
async function run(phase: PhaseName, plan: DeploymentPlan, changed?: Record<string, string>) {
  const script = runScript(host, phase, plan, changed);
  let over = false;
  void script.then(
    () => (over = true),
    () => (over = true),
  );
  while (!over) await clock.advance(100);
  return script;
}

const answer = async (phase: PhaseName, plan: DeploymentPlan) => readReceipt(phase, await run(phase, plan));
async function walk(order: readonly PhaseName[], plan: DeploymentPlan): Promise<void> {
  for (const phase of order) expect(await answer(phase, plan)).toMatchObject({ result: 'done' });
}

const first = planOf(1, 'a');
const second = planOf(2, 'b');
const served = { liveRunning: true, idleRunning: false, serving: 'blue', servingStatus: 200 };
const live = (letter: string) => ({ status: 200, digest: digestOf(letter) });

describe('a deployment', () => {
  it('walks from a bare host to a live release with a receipt a phase', async () => {
    const before = await answer('inspect', first);
    expect(before).toMatchObject({ facts: { prepared: false, liveSlot: 'none', serving: 'unknown' } });
    await walk(deployOrder, first);
    expect(host.serve('web')).toMatchObject({ ...live('a'), slot: 'blue' });
    expect(await answer('inspect', second)).toMatchObject({
      facts: { prepared: true, liveSlot: 'blue', missing: [], ...served },
    });
  });

  it('takes the other slot for the next one, and stops the one before', async () => {
    await walk(deployOrder, first);
    await walk(deployOrder, second);
    expect(host.serve('web')).toMatchObject({ ...live('b'), slot: 'green' });
    expect(host.state.apps.get('web')!.slots.blue!.stoppedAt).toBeDefined();
  });

  it('is never interrupted: whatever phase runs, the release before serves until the switch', async () => {
    await walk(deployOrder, first);
    for (const phase of upTo('start-candidate')) {
      await run(phase, second);
      expect(host.serve('web'), phase).toMatchObject(live('a'));
    }
    await run('switch-traffic', second);
    expect(host.serve('web')).toMatchObject(live('b'));
  });
});

describe('a receipt', () => {
  it('answers a second run, with the same facts', async () => {
    await walk(upTo('start-candidate'), first);
    const [one, two] = [await answer('switch-traffic', first), await answer('switch-traffic', first)];
    expect(two).toMatchObject({ result: 'already-done', facts: (one as { facts: object }).facts });
  });

  it('is not believed when what it says is no more', async () => {
    await walk(upTo('pull-release'), first);
    host.state.images.clear();
    expect(await answer('pull-release', first)).toMatchObject({ result: 'done', facts: { pulled: true } });
  });

  it('is void after the way back', async () => {
    await walk(upTo('switch-traffic'), first);
    await run('revert', first);
    const receipts = [...host.state.apps.get('web')!.receipts.get('web-1')!.keys()];
    expect(receipts).not.toContain('start-candidate');
    expect(receipts).not.toContain('switch-traffic');
  });
});

describe('the fence', () => {
  it('refuses an older deployment, which then has done nothing', async () => {
    await walk(upTo('start-candidate'), second);
    expect(await answer('start-candidate', first)).toMatchObject({
      result: 'failed',
      failure: 'fence-stale',
    });
    expect(Object.values(host.state.apps.get('web')!.slots)).toHaveLength(1);
  });

  it('lets a closing, with the same deployment and a higher fence, finish it', async () => {
    await walk(upTo('switch-traffic'), first);
    expect(await answer('revert', { ...first, fence: 5 })).toMatchObject({
      result: 'done',
      facts: { switched: true },
    });
    expect(await answer('bake', first)).toMatchObject({ failure: 'fence-stale' });
  });
});

describe('the lock', () => {
  it('lets one phase of an app at a time', async () => {
    await walk(upTo('pull-release'), first);
    const scripts = [runScript(host, 'start-candidate', first), runScript(host, 'start-candidate', first)];
    await clock.advance(5_000);
    const results = (await Promise.all(scripts)).map(
      (result) => readReceipt('start-candidate', result).result,
    );
    expect(results).toEqual(['done', 'already-done']);
  });

  it('is not waited for without end', async () => {
    await walk(upTo('pull-release'), first);
    host.faults.add('start-candidate', { kind: 'hang', when: 'before-answer' });
    void runScript(host, 'start-candidate', first);
    await clock.advance(5_000);
    const waiting = runScript(host, 'start-candidate', planOf(9, 'b'));
    await clock.advance(40_000);
    expect(readReceipt('start-candidate', await waiting)).toMatchObject({ failure: 'host-busy' });
  });

  it('is not held while a phase only watches', async () => {
    await walk(upTo('switch-traffic'), first);
    const baking = runScript(host, 'bake', first);
    await clock.advance(500);
    expect(await answer('revert', { ...first, fence: 2 })).toMatchObject({ result: 'done' });
    await clock.advance(5_000);
    expect(readReceipt('bake', await baking)).toMatchObject({ failure: 'fence-stale' });
  });
});

describe('the way back', () => {
  beforeEach(() => walk(deployOrder, first));

  it('starts the release before again and gives it the traffic', async () => {
    await walk(deployOrder, second);
    expect(await answer('revert', second)).toMatchObject({
      facts: { switched: true, liveSlot: 'blue', liveDigest: digestOf('a') },
    });
    expect(host.serve('web')).toMatchObject(live('a'));
    expect(host.state.apps.get('web')!.slots.green).toBeUndefined();
  });

  it('only removes the candidate before the switch', async () => {
    await walk(upTo('start-candidate'), second);
    expect(await answer('revert', second)).toMatchObject({ facts: { switched: false, backMs: 0 } });
    expect(host.serve('web')).toMatchObject(live('a'));
  });

  it('has nothing to do, and says so, when nothing was started', async () => {
    expect(await answer('revert', second)).toMatchObject({ result: 'done', facts: { switched: false } });
    expect(host.serve('web')).toMatchObject(live('a'));
  });

  it('can be walked twice', async () => {
    await walk(upTo('switch-traffic'), second);
    await run('revert', second);
    expect(await answer('revert', second)).toMatchObject({
      result: 'already-done',
      facts: { switched: true },
    });
  });

  it('fails when the release before does not come back', async () => {
    await walk(upTo('switch-traffic'), second);
    behaviours.set(digestOf('a'), { neverHealthy: true });
    expect(await answer('revert', second)).toMatchObject({ failure: 'revert-failed' });
    expect(host.serve('web')).toMatchObject(live('b'));
  });

  it('leaves traffic on what runs when nothing is healthy', async () => {
    await walk(upTo('switch-traffic'), second);
    behaviours.set(digestOf('a'), { neverHealthy: true });
    behaviours.set(digestOf('b'), { diesAfterMs: 1 });
    expect(await answer('revert', second)).toMatchObject({ failure: 'revert-failed' });
    expect(host.serve('web')).toMatchObject({ status: 500, digest: digestOf('a') });
  });

  it('is not undone by a command that was sent before it and comes late', async () => {
    await walk(upTo('start-candidate'), second);
    await run('revert', second);
    for (const phase of ['run-migrations', 'start-candidate', 'switch-traffic', 'bake', 'retire'] as const)
      expect(await answer(phase, second), phase).toMatchObject({ failure: 'fence-stale' });
    expect(host.serve('web')).toMatchObject(live('a'));
    expect(host.state.apps.get('web')!.slots.green).toBeUndefined();
  });
});

it('the way back of a first deployment leaves the plain 503', async () => {
  await walk(upTo('switch-traffic'), first);
  expect(await answer('revert', first)).toMatchObject({ facts: { liveSlot: 'none', liveDigest: '' } });
  expect(host.serve('web')).toEqual({ status: 503 });
});

describe('an image', () => {
  const cases: [string, ImageBehaviour, PhaseName, string][] = [
    ['that is never healthy', { neverHealthy: true }, 'start-candidate', 'health-check-failed'],
    ['that ends at once', { diesAfterMs: 10 }, 'start-candidate', 'candidate-died'],
    ['that cannot be run', { notRunnable: true }, 'start-candidate', 'image-not-runnable'],
    ['that says another version', { reportedVersion: 'z' }, 'start-candidate', 'identity-mismatch'],
    ['whose migration fails', { migration: { exitCode: 3 } }, 'run-migrations', 'migration-failed'],
    ['that dies after the switch', { diesAfterSwitchMs: 2_000 }, 'bake', 'candidate-died'],
    ['that answers 5xx', { errorRate: 0.2 }, 'bake', 'error-rate-rose'],
  ];
  it.each(cases)('%s fails the phase that meets it', async (_what, behaviour, phase, failure) => {
    await walk(deployOrder, first);
    behaviours.set(digestOf('b'), behaviour);
    await walk(upTo(phase).slice(0, -1), second);
    expect(await answer(phase, second)).toMatchObject({ result: 'failed', failure });
    if (phase === 'start-candidate') expect(host.state.apps.get('web')!.slots.green).toBeUndefined();
    await run('revert', second);
    expect(host.serve('web')).toMatchObject(live('a'));
  });
});

describe('a host', () => {
  const cases: [string, () => void, PhaseName, string][] = [
    ['with port 80 taken', () => (host.state.port80 = 'apache2'), 'inspect', 'port-80-taken'],
    ['with a full root disk', () => (host.state.rootFreeBytes = 1), 'inspect', 'disk-full'],
    [
      'of another distribution',
      () => (host.state.distribution = 'arch 1'),
      'inspect',
      'unsupported-distribution',
    ],
    [
      'with a foreign filesystem',
      () => (host.state.filesystem = { foreign: 'ext4' }),
      'mount-volume',
      'foreign-filesystem',
    ],
    ['without its volume', () => host.state.volumes.clear(), 'mount-volume', 'volume-not-attached'],
    ['with a full volume', () => (host.state.volumeFreeBytes = 1), 'pull-release', 'disk-full'],
    [
      'with a taken slot port',
      () => host.state.takenPorts.set(8081, 'x'),
      'start-candidate',
      'slot-port-taken',
    ],
  ];
  it.each(cases)('%s names it, and nothing is changed', async (_what, change, phase, failure) => {
    change();
    host.state.apps.clear();
    if (failure === 'slot-port-taken') await walk(upTo('pull-release'), first);
    else await walk(upTo(phase).slice(0, -1), first);
    if (failure === 'slot-port-taken') host.state.takenPorts.set(8080, 'x');
    const before = structuredClone(host.state);
    expect(await answer(phase, first)).toMatchObject({ result: 'failed', failure });
    expect({ ...host.state, apps: undefined }).toEqual({ ...before, apps: undefined });
  });
});

it('refuses a parameter that did not come, as with an old agent, and one that is hostile', async () => {
  const hostile = readReceipt('resolve-env', await run('resolve-env', first, { buildVersion: 'x; reboot' }));
  expect(hostile).toMatchObject({ failure: 'invalid-parameter' });
});

it('says nothing of a hostile app name, and keeps nothing of it', async () => {
  const hostile = readReceipt('resolve-env', await run('resolve-env', first, { app: '../../etc' }));
  expect(hostile).toMatchObject({ failure: 'invalid-parameter', deploymentId: 'unknown-0' });
  expect(host.state.apps.size).toBe(0);
});

it('names only failures that the contract of the phase allows', async () => {
  for (const phase of phaseNames) {
    const result = readReceipt(phase, await run(phase, second));
    if (result.result === 'failed')
      expect([...commonFailures, ...phases[phase].failures], phase).toContain(result.failure);
  }
});

describe('faults', () => {
  it('fail with an id', async () => {
    host.faults.add('inspect', { kind: 'fail', failure: 'disk-full' });
    expect(await answer('inspect', first)).toMatchObject({ failure: 'disk-full' });
    expect(await answer('inspect', first)).toMatchObject({ result: 'done' });
  });

  it('hang until the agent’s timeout', async () => {
    host.faults.add('inspect', { kind: 'hang', when: 'before' });
    expect(await run('inspect', first)).toMatchObject({ exitCode: 137, timedOut: true, stdout: '' });
  });

  it('print garbage', async () => {
    host.faults.add('resolve-env', { kind: 'garbage', stdout: 'Segmentation fault' });
    expect(await run('resolve-env', first)).toMatchObject({ exitCode: 0, stdout: 'Segmentation fault' });
  });

  it('take the host down', async () => {
    host.faults.add('resolve-env', { kind: 'host-down', when: 'before' });
    await expect(run('resolve-env', first)).rejects.toThrow('host-down');
  });

  it('take every script of the host down with it', async () => {
    await walk(upTo('switch-traffic'), first);
    const baking = runScript(host, 'bake', first);
    await clock.advance(100);
    host.goDown();
    await expect(baking).rejects.toThrow('host-down');
    expect(host.serve('web').status).toBe(500);
    await clock.advance(1_000);
    expect(host.serve('web')).toMatchObject(live('a'));
  });

  it('come at a later run when they say so', async () => {
    host.faults.add('inspect', { kind: 'fail', failure: 'disk-full' }, 2);
    expect([(await answer('inspect', first)).result, (await answer('inspect', first)).result]).toEqual([
      'done',
      'failed',
    ]);
  });
});

describe('killed at any place and run again, a phase ends in the same state:', () => {
  const times: FaultTime[] = [
    'before',
    'before-receipt',
    'before-answer',
    { afterSteps: 1 },
    { afterSteps: 2 },
  ];
  const cases = (['killed', 'host-down'] as const).flatMap((kind) =>
    [...deployOrder, 'revert' as const].flatMap((phase) => times.map((when) => ({ phase, kind, when }))),
  );
  it.each(cases)('$phase $kind $when', async ({ phase, kind, when }) => {
    await walk(deployOrder, first);
    await walk(phase === 'revert' ? upTo('switch-traffic') : upTo(phase).slice(0, -1), second);
    host.faults.add(phase, { kind, when } as Fault);
    await run(phase, second).catch(() => undefined);
    await clock.advance(1_000); // what a reboot takes
    expect(host.serve('web').status).toBe(200);
    const again = await answer(phase, second);
    expect(['done', 'already-done']).toContain(again.result);
    const switched = phase !== 'revert' && placeOf(phase) >= placeOf('switch-traffic');
    expect(host.serve('web')).toMatchObject(live(switched ? 'b' : 'a'));
  });
});
