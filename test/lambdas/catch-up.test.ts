import { describe, expect, test } from 'vitest';
import { acceptRequest } from '../../lambdas/accept-request.ts';
import { closeDeployment, type Closed } from '../../lambdas/close-deployment.ts';
import { commitRelease } from '../../lambdas/commit-release.ts';
import { busyWith, readState } from '../../lambdas/lib/app-state.ts';
import { appKey, deploymentKey, historyKey } from '../../lambdas/lib/ledger.ts';
import type { Acquired } from '../../lambdas/acquire-lease.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import type { DatabaseFacts } from '../../contracts/phases/resolve-database.ts';
import type { MigrationFacts } from '../../contracts/phases/run-migrations.ts';
import { apps, digestOf, samplePlan } from './support/samples.ts';
import { failureOf, makeExecutions, useWorld } from './support/setup.ts';

const world = useWorld();
const hosts = ['i-0bbbbbbbb'];
const catchingUp = { trigger: 'catch-up', digest: undefined, catchUp: hosts } as const;

/** What the graph does with a plan, but for the hosts. */
async function walk(acquired: Acquired, request: DeploymentRequest, digit: string): Promise<Closed> {
  const { lease, request: wanted } = acquired;
  const image = { ...samplePlan().image, buildVersion: digit, digest: digestOf(digit) };
  const plan = samplePlan({ ...lease, image, ...(wanted.catchUp && { catchUp: true, waves: [hosts] }) });
  await commitRelease(plan, world.ledger);
  const deployment = { request: wanted, lease, plan };
  return closeDeployment({ deployment, executionArn: request.executionArn }, world.ledger);
}

/** Releases that went live one after the other. */
async function live(...digits: string[]) {
  const all = makeExecutions(world);
  for (const digit of digits) {
    const request = all.start({ digest: digestOf(digit), buildVersion: digit });
    await walk(await all.acquire(request), request, digit);
    all.end(request, 'SUCCEEDED');
  }
  return all;
}

test('a request names hosts, each once', () => {
  const input = { app: 'web', catchUp: ['i-0bbbbbbbb', 'i-0cccccccc', 'i-0bbbbbbbb'] };
  const about = { executionArn: 'arn:x', startedAt: '2026-01-01T00:00:00Z' };
  expect(acceptRequest({ input, ...about }, apps)).toMatchObject({
    app: 'web',
    trigger: 'catch-up',
    catchUp: ['i-0bbbbbbbb', 'i-0cccccccc'],
    eventId: 'arn:x',
  });
});

describe('a catch-up', () => {
  test('deploys the current release by its digest, and the newest request stays what it was', async () => {
    const { start, acquire } = await live('a', 'b');
    const newest = await world.ledger.get(appKey('web', 'newest'));
    const { request, lease } = await acquire(start(catchingUp));
    expect(request).toMatchObject({ buildVersion: 'b', digest: digestOf('b'), catchUp: hosts });
    expect(lease).toEqual({ deploymentId: 'web-3', fence: 3 });
    expect(await world.ledger.get(appKey('web', 'newest'))).toEqual(newest);
    expect(await world.ledger.get(historyKey('web', 'web-3'))).toMatchObject({ request, outcome: 'Running' });
  });

  test('leaves the current release and what was before it as they were', async () => {
    const { start, acquire } = await live('a', 'b');
    const before = await world.ledger.current('web');
    const request = start(catchingUp);
    const closed = await walk(await acquire(request), request, 'b');
    expect(closed).toMatchObject({ outcome: 'Succeeded', serving: { [`b@${digestOf('b')}`]: hosts } });
    expect(await world.ledger.current('web')).toEqual({ ...before, fence: 3, caughtUpBy: 'web-3' });
  });

  test('takes the database that the current release was given', async () => {
    const { start, acquire } = await live('a');
    const entry = await world.ledger.get<{ closed: object }>(historyKey('web', 'web-1'));
    const database: Partial<DatabaseFacts> = { mode: 'sqlite_only', reason: 'no answer', attempts: 6 };
    await world.ledger.put(historyKey('web', 'web-1'), { ...entry, closed: { ...entry!.closed, database } });
    expect((await acquire(start(catchingUp))).request.database).toEqual({
      mode: 'sqlite_only',
      reason: 'no answer',
    });
  });

  test('gives way to whoever has the lease, at once, and the ledger says to whom', async () => {
    const { start, acquire } = await live('a');
    const holder = start();
    await acquire(holder);
    const second = start(catchingUp);
    expect(await failureOf(acquire(second))).toEqual({
      id: 'superseded',
      message: `web: ${holder.executionArn} is deploying; what it leaves behind catches up afterwards`,
    });
    expect(await world.ledger.get(appKey('web', `request#${second.order}#${second.eventId}`))).toMatchObject({
      outcome: 'Superseded',
      by: holder.executionArn,
    });
  });

  test('keeps a push that is older than it from nothing', async () => {
    const { start, acquire, end } = await live('a');
    const [push, later] = [start(), start(catchingUp)];
    await walk(await acquire(later), later, 'a');
    end(later, 'SUCCEEDED');
    expect((await acquire(push)).lease).toEqual({ deploymentId: 'web-3', fence: 3 });
  });

  test('of which there are two goes once: the other gives way', async () => {
    const { start, acquire } = await live('a');
    const twins = [start(catchingUp), start(catchingUp)];
    const results = await Promise.allSettled(twins.map(acquire));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('is refused while the app is on hold', async () => {
    const { start, acquire } = await live('a');
    await world.ledger.put(appKey('web', 'hold'), { by: 'Ana', reason: 'the sale is on', since: 1 });
    expect((await failureOf(acquire(start(catchingUp)))).id).toBe('app-held');
  });

  test('needs a current release', async () => {
    const { start, acquire } = makeExecutions(world);
    const request = start(catchingUp);
    expect(await failureOf(acquire(request))).toEqual({
      id: 'no-current-release',
      message: 'web has no current release that a host could catch up with: deploy one',
    });
    const record = appKey('web', `request#${request.order}#${request.eventId}`);
    expect(await world.ledger.get(record)).toMatchObject({ outcome: 'Failed' });
    expect(await world.ledger.lease('web')).toBeUndefined();
  });

  test('brings no host back over a migration that could not be gone back over', async () => {
    const { start, acquire } = await live('a');
    const entry = await world.ledger.get<{ closed: object }>(historyKey('web', 'web-1'));
    const migration: Partial<MigrationFacts> = { skipped: '', to: 'r2' };
    const closed = { ...entry!.closed, migration };
    await world.ledger.put(historyKey('web', 'web-2'), {
      ...entry,
      deploymentId: 'web-2',
      outcome: 'Inconsistent',
      closed,
    });
    expect((await failureOf(acquire(start(catchingUp)))).id).toBe('schema-ahead');
    await world.ledger.put(historyKey('web', 'web-3'), {
      ...entry,
      deploymentId: 'web-3',
      outcome: 'Failed',
    });
    expect((await failureOf(acquire(start(catchingUp)))).id).toBe('schema-ahead');
  });
});

describe('a catch-up that was aborted', () => {
  async function abandon() {
    const all = await live('a');
    const request = all.start(catchingUp);
    const { lease, request: wanted } = await all.acquire(request);
    const plan = samplePlan({ ...lease, catchUp: true, waves: [hosts] });
    await world.ledger.put(deploymentKey(lease.deploymentId, 'plan'), { plan });
    all.end(request);
    return { ...all, plan, request: wanted };
  }

  test('is closed by going back on its hosts alone, and the current release stays', async () => {
    const { acquire, closing } = await abandon();
    const before = await world.ledger.current('web');
    const acquired = await acquire(closing('web-2'));
    expect(acquired).toMatchObject({ way: 'back', plan: { waves: [hosts], catchUp: true } });
    const deployment = { ...acquired, reverted: [{ switched: true }] };
    const closed = await closeDeployment({ deployment, executionArn: 'arn:closing' }, world.ledger);
    expect(closed.outcome).toBe('RolledBack');
    expect(await world.ledger.current('web')).toEqual({ ...before, fence: 3 });
    expect((await world.ledger.lease('web'))?.open).toBeUndefined();
  });

  test('after its commit is closed by going forward', async () => {
    const { acquire, closing, plan } = await abandon();
    await commitRelease(plan, world.ledger);
    expect(await acquire(closing('web-2'))).toMatchObject({ way: 'forward' });
  });
});

describe('what looks back takes no catch-up for a release:', () => {
  test('a rollback goes to the release before the current one, and never forward', async () => {
    const all = await live('a', 'b');
    const back = all.start({ rollback: true, digest: undefined });
    await walk(await all.acquire(back), back, 'a');
    all.end(back, 'SUCCEEDED');
    const request = all.start(catchingUp);
    await walk(await all.acquire(request), request, 'a');
    all.end(request, 'SUCCEEDED');
    const again = all.start({ rollback: true, digest: undefined });
    expect((await failureOf(all.acquire(again))).id).toBe('no-release-before');
  });

  test('nobody waits for the lease because a catch-up had it last', async () => {
    const all = await live('a');
    const request = all.start(catchingUp);
    await walk(await all.acquire(request), request, 'a');
    expect(busyWith(await readState('web', world.ledger), Date.UTC(2026, 0, 1))).toBeUndefined();
  });
});

test('whoever deploys an older tag by hand is told that it means another image now', async () => {
  const { start, acquire } = await live('a', 'b');
  const request = start({ trigger: 'manual', buildVersion: 'a', digest: undefined });
  const { lease } = await acquire(request);
  const image = { ...samplePlan().image, buildVersion: 'a', digest: digestOf('c') };
  const plan = samplePlan({ ...lease, image });
  await commitRelease(plan, world.ledger);
  const deployment = { request, lease, plan };
  const { warning } = await closeDeployment({ deployment, executionArn: request.executionArn }, world.ledger);
  expect(warning).toBe(`a means ${digestOf('c')} now, and was ${digestOf('a')} when web-1 brought it`);
});
