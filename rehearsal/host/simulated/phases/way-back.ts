import { liveSlot, otherSlot, type AppState, type Slot } from '../host-state.ts';
import { isHealthy, isRunning } from '../image-behaviour.ts';
import { fail, type PhaseModel, type PhaseRun } from '../run.ts';
import { countTraffic } from './traffic.ts';

/** Stops a container gracefully; it and its image stay for the way back. */
async function drainAndStop(run: PhaseRun, slot: Slot): Promise<{ drainMs: number; openAtDeadline: number }> {
  const container = run.state.slots[slot];
  const { drainMs = 0, stopMs = 10 } = run.behaviours.get(container?.digest ?? '') ?? {};
  const deadline = run.number('drainTimeout') * 1000;
  await run.watch(Math.min(drainMs, deadline));
  await run.sleep(Math.min(stopMs, run.number('stopTimeout') * 1000));
  if (container) container.stoppedAt ??= run.clock.now();
  return { drainMs: Math.min(drainMs, deadline), openAtDeadline: drainMs > deadline ? 1 : 0 };
}

/** The slot before: the one that is not live, if this deployment is the one that is. */
export const retire: PhaseModel = {
  lock: 'app',
  stillHolds: ({ state, deploymentId }) => {
    const slot = liveSlot(state);
    if (slot === 'none' || state.slots[slot]?.deploymentId !== deploymentId) return false;
    const before = state.slots[otherSlot(slot)];
    return before === undefined || before.stoppedAt !== undefined;
  },
  async *perform(run) {
    const slot = liveSlot(run.state);
    const before = slot === 'none' ? undefined : otherSlot(slot);
    if (slot === 'none' || run.state.slots[slot]?.deploymentId !== run.deploymentId)
      return fail('retire-failed', 'The release of this deployment is not live');
    yield;
    if (!before || !run.state.slots[before])
      return { slot: 'none', drainMs: 0, openAtDeadline: 0, ...countTraffic(run) };
    const drained = await drainAndStop(run, before);
    yield;
    prune(run);
    return { slot: before, ...drained, ...countTraffic(run) };
  },
};

/** Images of no slot of any app go. */
function prune({ host }: PhaseRun): void {
  const kept = new Set(
    [...host.apps.values()].flatMap(({ slots }) => Object.values(slots).map(({ digest }) => digest)),
  );
  for (const digest of host.images) if (!kept.has(digest)) host.images.delete(digest);
}

export const revert: PhaseModel = {
  lock: 'app',
  stillHolds: ({ state, deploymentId }) =>
    !Object.values(state.slots).some((container) => container.deploymentId === deploymentId),
  async *perform(run) {
    const { state, deploymentId } = run;
    state.withdrawn.add(deploymentId);
    voidLaterReceipts(state, deploymentId);
    yield;
    const switched = state.switches.get(deploymentId);
    const counted = countTraffic(run);
    const backMs = switched && isLive(state, deploymentId) ? await moveBack(run, switched.from) : 0;
    yield;
    await removeCandidate(run);
    const slot = liveSlot(state);
    return {
      switched: switched !== undefined,
      liveSlot: slot,
      liveDigest: slot === 'none' ? '' : (state.slots[slot]?.digest ?? ''),
      backMs,
      onNewerSchema: run.parameter('schema') === 'newer-safe',
      ...counted,
    };
  },
};

/** Milliseconds until traffic was where it had been. */
async function moveBack(run: PhaseRun, from: Slot | 'none'): Promise<number> {
  const began = run.clock.now();
  if (run.parameter('schema') === 'newer')
    fail(
      'revert-failed',
      'The release before was made for an older schema and is not declared safe on this one',
    );
  if (from === 'none') run.state.live = false;
  else await bringBack(run, from);
  return run.clock.now() - began;
}

function isLive(state: AppState, deploymentId: string): boolean {
  const slot = liveSlot(state);
  return slot !== 'none' && state.slots[slot]?.deploymentId === deploymentId;
}

/** What this deployment had done from start-candidate on counts no more: asked again, it would have to do it again. */
function voidLaterReceipts(state: AppState, deploymentId: string): void {
  const receipts = state.receipts.get(deploymentId);
  for (const phase of ['start-candidate', 'switch-traffic', 'bake', 'retire'] as const)
    receipts?.delete(phase);
}

/** The release before is started again if it was stopped, is healthy, and only then gets the traffic. */
async function bringBack(run: PhaseRun, slot: Slot): Promise<void> {
  const { state, clock, behaviours } = run;
  const container = state.slots[slot];
  if (!container) return fail('revert-failed', `The release before is not on ${slot} any more`);
  if (container.stoppedAt !== undefined) {
    container.startedAt = clock.now();
    delete container.stoppedAt;
  }
  const deadline = clock.now() + run.number('healthTimeout') * 1000;
  while (!isHealthy(container, behaviours, clock.now())) {
    if (clock.now() >= deadline) return makeDo(run, slot);
    await run.sleep(50);
  }
  state.green = slot === 'green';
  await run.sleep(5);
}

/** The host goes on with what is healthy, or else with what runs; with the release before if both do. */
function makeDo({ state, clock, behaviours }: PhaseRun, slot: Slot): never {
  const standing = (at: Slot) =>
    Number(isRunning(state.slots[at], behaviours, clock.now())) +
    Number(isHealthy(state.slots[at], behaviours, clock.now()));
  const serving = standing(otherSlot(slot)) > standing(slot) ? otherSlot(slot) : slot;
  if (standing(serving) > 0) state.green = serving === 'green';
  return fail('revert-failed', `The release before is not healthy: traffic is on ${liveSlot(state)}`);
}

async function removeCandidate(run: PhaseRun): Promise<void> {
  for (const slot of ['blue', 'green'] as const) {
    if (run.state.slots[slot]?.deploymentId !== run.deploymentId) continue;
    await drainAndStop(run, slot);
    delete run.state.slots[slot];
  }
}
