import { idleSlot, liveSlot, type Container, type Slot } from '../host-state.ts';
import { diedAt, isHealthy, isRunning } from '../image-behaviour.ts';
import { fail, type Facts, type PhaseModel, type PhaseRun } from '../run.ts';
import { countTraffic } from './traffic.ts';

const candidateOf = ({ state, deploymentId }: PhaseRun) =>
  (['blue', 'green'] as const).find((slot) => state.slots[slot]?.deploymentId === deploymentId);

const healthy = (run: PhaseRun, container: Container | undefined) =>
  isHealthy(container, run.behaviours, run.clock.now());

export const runMigrations: PhaseModel = {
  lock: 'host',
  stillHolds: () => true,
  async *perform(run) {
    const { migration = {} } = run.behaviours.get(run.parameter('digest')) ?? {};
    if (run.state.environments.get(run.deploymentId) === 'sqlite_only') return migrated(run, 'sqlite_only');
    yield;
    await run.sleep(migration.ms ?? 200);
    if (migration.exitCode) fail('migration-failed', `The migration ended with ${migration.exitCode}`);
    return migrated(run, migration.moves ? '' : 'nothing-pending');
  },
};

function migrated({ state, deploymentId }: PhaseRun, skipped: string): Facts {
  const live = liveSlot(state) === 'none' ? 'none' : 'healthy';
  const to = skipped ? 'r1' : deploymentId;
  return { skipped, from: 'r1', to, attempts: 1, live, requests: 0, status5xx: 0, status499: 0 };
}

export const startCandidate: PhaseModel = {
  lock: 'app',
  stillHolds: (run) => {
    const slot = candidateOf(run);
    return slot !== undefined && healthy(run, run.state.slots[slot]);
  },
  async *perform(run) {
    const slot = idleSlot(run.state);
    refuseTakenPort(run, slot);
    delete run.state.slots[slot];
    yield;
    const container = start(run, slot);
    yield;
    try {
      const readyMs = await untilHealthy(run, container);
      return { slot, readyMs, reportedVersion: identify(run, container) };
    } catch (failure) {
      delete run.state.slots[slot];
      throw failure;
    }
  },
};

function refuseTakenPort(run: PhaseRun, slot: Slot): void {
  const port = run.number(`${slot}Port`);
  const holder = run.host.takenPorts.get(port);
  if (holder !== undefined) fail('slot-port-taken', `Port ${port} is held by \`${holder}\``);
}

function start(run: PhaseRun, slot: Slot): Container {
  const digest = run.parameter('digest');
  if (!run.host.images.has(digest)) fail('phase-crashed', `${digest} is not on the host`);
  if (run.behaviours.get(digest)?.notRunnable) fail('image-not-runnable', 'exec: no such file or directory');
  const { deploymentId, clock } = run;
  const container = {
    digest,
    deploymentId,
    buildVersion: run.parameter('buildVersion'),
    startedAt: clock.now(),
  };
  run.state.slots[slot] = container;
  return container;
}

async function untilHealthy(run: PhaseRun, container: Container): Promise<number> {
  const deadline = container.startedAt + run.number('healthTimeout') * 1000;
  while (!healthy(run, container)) {
    if (!isRunning(container, run.behaviours, run.clock.now()))
      fail('candidate-died', 'It ended before it was healthy');
    if (run.clock.now() >= deadline)
      fail(
        'health-check-failed',
        `${run.parameter('healthPath')} did not answer 200 in ${run.number('healthTimeout')} s`,
      );
    await run.sleep(50);
  }
  return run.clock.now() - container.startedAt;
}

function identify(run: PhaseRun, { digest }: Container): string {
  const { reportedVersion } = run.behaviours.get(digest) ?? {};
  const version = run.parameter('buildVersion');
  if (reportedVersion && reportedVersion !== version)
    fail('identity-mismatch', `It says it is ${reportedVersion}, not ${version}`);
  return reportedVersion ?? version;
}

export const switchTraffic: PhaseModel = {
  lock: 'app',
  stillHolds: (run) => {
    const slot = candidateOf(run);
    return slot !== undefined && liveSlot(run.state) === slot && healthy(run, run.state.slots[slot]);
  },
  async *perform(run) {
    const { state, deploymentId, clock } = run;
    const to = candidateOf(run);
    const container = to && state.slots[to];
    if (!to || !container || !isRunning(container, run.behaviours, clock.now()))
      return fail('candidate-died', 'The candidate does not run any more');
    const from = state.switches.get(deploymentId)?.from ?? liveSlot(state);
    state.switches.set(deploymentId, { from, to, at: clock.now() });
    yield;
    point(run, to);
    yield;
    await run.sleep(5);
    if (!healthy(run, container)) {
      if (from === 'none') state.live = false;
      else point(run, from);
      fail('switch-not-proven', 'No request through port 80 was answered by the candidate');
    }
    return { from, to, switchMs: 5, liveAt: clock.now() };
  },
};

function point({ state, clock }: PhaseRun, slot: Slot): void {
  state.green = slot === 'green';
  state.live = true;
  const container = state.slots[slot];
  if (container) container.liveSince ??= clock.now();
}

const watchEveryMs = 1_000;

export const bake: PhaseModel = {
  lock: 'app',
  stillHolds: switchTraffic.stillHolds,
  async *perform(run) {
    const end = run.clock.now() + run.number('bakeSeconds') * 1000;
    const slot = candidateOf(run);
    const container = slot && run.state.slots[slot];
    if (!container) return fail('candidate-died', 'The candidate is gone');
    yield;
    for (;;) {
      const now = run.clock.now();
      if (diedAt(container, run.behaviours) <= now)
        fail('candidate-died', 'Its container ended while it was live');
      if (!healthy(run, container)) fail('health-check-failed', 'Its health path fails');
      if ((run.behaviours.get(container.digest)?.errorRate ?? 0) > 0.05)
        fail('error-rate-rose', 'Nginx counts more 5xx');
      if (now >= end) return countTraffic(run);
      await run.watch(Math.min(watchEveryMs, end - now));
    }
  },
};
