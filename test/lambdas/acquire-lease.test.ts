import { describe, expect, test } from 'vitest';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { closeDeployment } from '../../lambdas/close-deployment.ts';
import { commitRelease } from '../../lambdas/commit-release.ts';
import { appKey, deploymentKey, historyKey, runKey } from '../../lambdas/lib/ledger.ts';
import { samplePlan, sampleRun } from './support/samples.ts';
import { failureOf, makeExecutions, useWorld } from './support/setup.ts';

const world = useWorld();
const executions = () => makeExecutions(world);

/** Ends a deployment as the graph does when all went well. */
async function finish(
  request: DeploymentRequest,
  lease: { deploymentId: string; fence: number },
): Promise<void> {
  await commitRelease(samplePlan(lease), world.ledger);
  await closeDeployment({ deployment: { request, lease }, executionArn: request.executionArn }, world.ledger);
}

describe('the first request of an app', () => {
  test('gets fence 1 and a deployment id, and the history says that it runs', async () => {
    const { start, acquire } = executions();
    const request = start();
    const acquired = await acquire(request);
    expect(acquired).toEqual({ request, lease: { deploymentId: 'web-1', fence: 1 }, way: 'deploy' });
    expect(await world.ledger.get(historyKey('web', 'web-1'))).toMatchObject({
      request,
      outcome: 'Running',
      deploymentId: 'web-1',
    });
    expect(await world.ledger.openLeases()).toMatchObject([
      { app: 'web', executionArn: request.executionArn },
    ]);
  });

  test('gets the same lease when its Lambda is run again', async () => {
    const { start, acquire } = executions();
    const request = start();
    const first = await acquire(request);
    expect(await acquire(request)).toEqual(first);
  });

  test('is in the history although the Lambda died right after it had taken the lease', async () => {
    const { start, acquire } = executions();
    const request = start();
    await world.ledger.put(appKey('web', 'lease'), {
      app: 'web',
      fence: 1,
      executionArn: request.executionArn,
      deploymentId: 'web-1',
      open: 'open',
      since: 1,
    });
    await acquire(request);
    expect(await world.ledger.get(historyKey('web', 'web-1'))).toMatchObject({ request, outcome: 'Running' });
  });

  test('does not keep another app waiting', async () => {
    const { start, acquire } = executions();
    await acquire(start());
    expect((await acquire(start({ app: 'api' }))).lease).toEqual({ deploymentId: 'api-1', fence: 1 });
  });
});

describe('the same event, delivered twice,', () => {
  test('starts no second deployment, and the ledger says what became of it', async () => {
    const { start, acquire } = executions();
    const first = start({ eventId: 'event-a' });
    await acquire(first);
    const second = start({ eventId: 'event-a' });
    expect(await failureOf(acquire(second))).toEqual({
      id: 'superseded',
      message: `web 1.0.0: ${first.executionArn} is the same request or a newer one`,
    });
    const record = appKey('web', `request#${second.order}#event-a`);
    expect(await world.ledger.get(record)).toMatchObject({ outcome: 'Superseded', by: first.executionArn });
    expect((await world.ledger.lease('web'))?.executionArn).toBe(first.executionArn);
  });

  test('starts none either when the first has long ended', async () => {
    const { start, end, acquire } = executions();
    const first = start({ eventId: 'event-a' });
    await finish(first, (await acquire(first)).lease);
    end(first, 'SUCCEEDED');
    expect((await failureOf(acquire(start({ eventId: 'event-a' })))).id).toBe('superseded');
  });

  test('at the same moment starts exactly one', async () => {
    const { start, acquire } = executions();
    const twins = Array.from({ length: 8 }, () => start({ eventId: 'event-a' }));
    const results = await Promise.allSettled(twins.map(acquire));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('an older request', () => {
  test('that comes late never replaces a newer one', async () => {
    const { start, end, acquire } = executions();
    const [older, newer] = [start(), start()];
    await finish(newer, (await acquire(newer)).lease);
    end(newer, 'SUCCEEDED');
    expect(await failureOf(acquire(older))).toMatchObject({ id: 'superseded' });
  });

  test('that waits for the lease gives way to a newer one, which then gets it', async () => {
    const { start, end, acquire } = executions();
    const [running, waiting, newest] = [start(), start(), start()];
    const { lease } = await acquire(running);
    expect((await failureOf(acquire(waiting))).id).toBe('lease-held');
    expect((await failureOf(acquire(newest))).id).toBe('lease-held');
    expect((await failureOf(acquire(waiting))).id).toBe('superseded');
    await finish(running, lease);
    end(running, 'SUCCEEDED');
    expect((await acquire(newest)).lease).toEqual({ deploymentId: 'web-2', fence: 2 });
  });
});

describe('two requests at once', () => {
  test('never both hold the lease, and fences only grow', async () => {
    const { start, end, acquire } = executions();
    const fences: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const racing = [start(), start(), start()];
      const results = await Promise.allSettled(racing.map(acquire));
      const winners = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      for (const loser of results)
        if (loser.status === 'rejected')
          expect((loser.reason as Error).name).toMatch(/^(lease-held|superseded)$/);
      expect(winners.length).toBeLessThanOrEqual(1);
      for (const { request, lease } of winners) {
        fences.push(lease.fence);
        await finish(request, lease);
        end(request, 'SUCCEEDED');
      }
    }
    expect(fences.length).toBeGreaterThan(1);
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  });

  test('that read the same lease cannot both write it', async () => {
    const { start, acquire } = executions();
    const [other, one] = [start(), start()];
    // Both have read that there is no lease; the other, which is older, writes first.
    const { ledger } = world;
    const lease = ledger.lease;
    ledger.lease = async (app) => {
      const held = await lease(app);
      ledger.lease = lease;
      await acquire(other);
      return held;
    };
    expect(await failureOf(acquire(one))).toEqual({
      id: 'lease-held',
      message: 'web: another execution took the lease just now: waiting for it',
    });
    expect((await ledger.lease('web'))?.executionArn).toBe(other.executionArn);
  });
});

describe('a lease whose execution', () => {
  test('runs is waited for', async () => {
    const { start, acquire } = executions();
    const holder = start();
    await acquire(holder);
    expect(await failureOf(acquire(start()))).toEqual({
      id: 'lease-held',
      message: `web-1 is running (${holder.executionArn}): waiting for it`,
    });
  });

  test('waits for a redrive is held still', async () => {
    const { start, end, acquire } = executions();
    const holder = start();
    await acquire(holder);
    end(holder, 'PENDING_REDRIVE');
    expect((await failureOf(acquire(start()))).message).toContain('is running');
  });

  test.each(['ABORTED', 'TIMED_OUT', 'FAILED', 'forgotten'])(
    'was %s is not simply taken: it is closed first',
    async (status) => {
      const { start, end, acquire } = executions();
      const holder = start();
      await acquire(holder);
      if (status === 'forgotten') world.statesDouble.statuses.delete(holder.executionArn);
      else end(holder, status);
      expect((await failureOf(acquire(start()))).message).toContain(
        'ended without closing, and is being closed',
      );
      expect((await world.ledger.lease('web'))?.executionArn).toBe(holder.executionArn);
    },
  );
});

describe('a closing', () => {
  const plan = samplePlan({ waves: [['i-0aaaaaaaa'], ['i-0bbbbbbbb']] });
  const savePlan = () => world.ledger.put(deploymentKey('web-1', 'plan'), { plan });

  /** web-1 has begun, and its execution was aborted. */
  async function abandon() {
    const all = executions();
    const request = all.start();
    await all.acquire(request);
    await savePlan();
    all.end(request);
    return { ...all, request };
  }

  test('takes the lease over with a higher fence, and goes back to what the ledger says', async () => {
    const { closing, acquire } = await abandon();
    const request = closing('web-1');
    expect(await acquire(request)).toEqual({
      request,
      lease: { deploymentId: 'web-1', fence: 2 },
      way: 'back',
      plan: { ...plan, fence: 2 },
    });
    expect(await world.ledger.lease('web')).toMatchObject({
      executionArn: request.executionArn,
      deploymentId: 'web-1',
      fence: 2,
    });
  });

  test('goes forward when the release was committed', async () => {
    const { closing, acquire } = await abandon();
    await commitRelease(plan, world.ledger);
    expect(await acquire(closing('web-1'))).toMatchObject({ way: 'forward', lease: { fence: 2 } });
  });

  test('goes back when the release was committed and yet had begun to go back', async () => {
    const { closing, acquire } = await abandon();
    await commitRelease(plan, world.ledger);
    const run = sampleRun({ phase: 'revert', wave: 1 });
    await world.ledger.put(runKey(run), { ...run });
    expect(await acquire(closing('web-1'))).toMatchObject({ way: 'back' });
  });

  test('of a deployment that had no plan yet goes back over no hosts', async () => {
    const { start, end, closing, acquire } = executions();
    const request = start();
    await acquire(request);
    end(request);
    expect(await acquire(closing('web-1'))).toMatchObject({ way: 'back', plan: { waves: [] } });
  });

  test('leaves a commit that was still under way without effect', async () => {
    const { closing, acquire } = await abandon();
    expect((await acquire(closing('web-1'))).way).toBe('back');
    expect((await failureOf(commitRelease(plan, world.ledger))).id).toBe('fence-stale');
    expect((await world.ledger.current('web'))?.deploymentId).toBeUndefined();
  });

  test('keeps the release before, and what it replaced, as they were', async () => {
    const { start, end, closing, acquire } = executions();
    const first = start();
    await finish(first, (await acquire(first)).lease);
    const before = await world.ledger.current('web');
    const second = start();
    await acquire(second);
    end(second);
    await acquire(closing('web-2'));
    expect(await world.ledger.current('web')).toEqual({ ...before, fence: 3 });
  });

  test('is the same when its own Lambda is run again', async () => {
    const { closing, acquire } = await abandon();
    const request = closing('web-1');
    expect(await acquire(request)).toEqual(await acquire(request));
  });

  test('waits while the execution it would close runs, as a redriven one does', async () => {
    const { request, end, closing, acquire } = await abandon();
    end(request, 'RUNNING');
    expect((await failureOf(acquire(closing('web-1')))).id).toBe('lease-held');
  });

  test('is not done by two at once: the other waits, and then has nothing to do', async () => {
    const { closing, acquire } = await abandon();
    const twins = [closing('web-1'), closing('web-1')];
    const results = await Promise.allSettled(twins.map(acquire));
    const [winner] = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const losers = results.flatMap((one) => (one.status === 'rejected' ? [(one.reason as Error).name] : []));
    expect(losers).toEqual(['lease-held']);
    const { request, lease } = winner!;
    const deployment = { ...winner!, reverted: [] };
    await closeDeployment({ deployment, executionArn: request.executionArn }, world.ledger);
    expect(lease.fence).toBe(2);
    const other = twins.find(({ executionArn }) => executionArn !== request.executionArn)!;
    expect((await failureOf(acquire(other))).id).toBe('nothing-to-close');
  });

  test('that was itself aborted is closed by the next, with the fence one higher again', async () => {
    const { end, closing, acquire } = await abandon();
    const aborted = closing('web-1');
    await acquire(aborted);
    end(aborted);
    expect((await acquire(closing('web-1'))).lease).toEqual({ deploymentId: 'web-1', fence: 3 });
  });

  test('leaves the app to the next deployment, whose fence and id are new', async () => {
    const { start, closing, acquire } = await abandon();
    const acquired = await acquire(closing('web-1'));
    await closeDeployment(
      { deployment: { ...acquired, reverted: [] }, executionArn: acquired.request.executionArn },
      world.ledger,
    );
    expect((await acquire(start())).lease).toEqual({ deploymentId: 'web-3', fence: 3 });
  });

  test.each(['web-9', 'web-0', 'api-1'])(
    'of %s, which nobody holds open, has nothing to do',
    async (closes) => {
      const { closing, acquire } = await abandon();
      expect((await failureOf(acquire({ ...closing(closes), app: closes.replace(/-\d+$/, '') }))).id).toBe(
        'nothing-to-close',
      );
    },
  );
});
