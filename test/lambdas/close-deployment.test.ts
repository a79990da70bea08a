import { describe, expect, test } from 'vitest';
import { closeDeployment, type CloseInput } from '../../lambdas/close-deployment.ts';
import { commitRelease } from '../../lambdas/commit-release.ts';
import { historyKey, runKey, type PhaseRun } from '../../lambdas/lib/ledger.ts';
import { countLost } from '../../lambdas/lib/lost-requests.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import { doneLine, failedLine, samplePlan, sampleRun } from './support/samples.ts';
import { dieAfterWrites, makeExecutions, useWorld } from './support/setup.ts';

const world = useWorld();
const failure = { Error: 'candidate-died', Cause: 'bake on 1 of 1 hosts' };

type Walked = Partial<CloseInput['deployment']>;

/** Begins a deployment; closes it, having walked so. */
async function begin() {
  const executions = makeExecutions(world);
  const request = executions.start();
  const { lease } = await executions.acquire(request);
  const plan = samplePlan(lease);
  const close = (walked: Walked = {}) =>
    closeDeployment(
      { deployment: { request, lease, plan, ...walked }, executionArn: request.executionArn },
      world.ledger,
    );
  const commit = () => commitRelease(plan, world.ledger);
  return { ...executions, request, lease, plan, close, commit };
}

const history = (deploymentId: string) =>
  world.ledger.get<Record<string, unknown>>(historyKey('web', deploymentId));
const heldBy = async () => {
  const lease = await world.ledger.lease('web');
  return lease?.open && lease.executionArn;
};

/** v1 is current; v2 has begun. */
async function beginSecond() {
  const first = await begin();
  await first.commit();
  await first.close();
  return begin();
}

describe('a deployment that succeeded', () => {
  test('is in the history with what is live, and the lease is free', async () => {
    const { close, commit, request, lease, plan } = await begin();
    await commit();
    const closed = await close();
    expect(closed).toEqual({
      deploymentId: 'web-1',
      app: 'web',
      outcome: 'Succeeded',
      buildVersion: plan.image.buildVersion,
      digest: plan.image.digest,
      lost: { requests: 0, status5xx: 0, status499: 0 },
      failure: { Error: 'none', Cause: '' },
      serving: { [`1.0.0@${plan.image.digest}`]: plan.waves[0] },
    });
    expect(await history('web-1')).toMatchObject({
      closed,
      outcome: 'Succeeded',
      request,
      fence: lease.fence,
    });
    expect(await heldBy()).toBeUndefined();
    expect(await world.ledger.openLeases()).toEqual([]);
  });

  test('and is closed twice, as after a lost answer, is the same', async () => {
    const { close, commit } = await begin();
    await commit();
    const first = await close();
    await world.ledger.update(historyKey('web', 'web-1'), 'SET endedAt = :then', { ':then': 1 });
    expect(await close()).toEqual(first);
    // The next one may have begun since.
    expect(await history('web-1')).toMatchObject({ endedAt: 1 });
    expect((await world.ledger.current('web'))?.deploymentId).toBe('web-1');
  });
});

describe('a deployment whose migration broke the live release', () => {
  const broke = { live: 'broken-by-migration', requests: 40, status5xx: 12 };
  const migrated = async (lease: { deploymentId: string }) => {
    const run = sampleRun({ ...lease, phase: 'run-migrations' });
    const facts = JSON.parse(doneLine(run, broke)) as Receipt;
    await world.ledger.put(runKey(run), { ...run, receipts: { 'i-1': facts } });
  };

  test('and that went forward has succeeded, and the history says what was lost', async () => {
    const { close, commit, lease } = await begin();
    await migrated(lease);
    await commit();
    const closed = await close();
    expect(closed).toMatchObject({ outcome: 'Succeeded', migration: broke });
    expect(closed.warning).toContain('12 of 40 requests');
  });

  test('and whose candidate failed has that as its cause, with both reasons', async () => {
    const { close, lease } = await begin();
    await migrated(lease);
    const closed = await close({ failure: { Error: 'health-check-failed', Cause: '/health answers 500' } });
    expect(closed).toMatchObject({ outcome: 'Failed', failure: { Error: 'migration-broke-live' } });
    expect(closed.failure.Cause).toMatch(
      /^Failed: the migration to r2 broke .*12 of 40.*: health-check-failed: \/health answers 500$/,
    );
  });
});

describe('a deployment that went back', () => {
  const wentBack = { failure, reverted: [{ switched: true }] };

  test('after its commit leaves the release before as the current one', async () => {
    const { close, commit } = await beginSecond();
    await commit();
    expect((await close(wentBack)).outcome).toBe('RolledBack');
    expect(await world.ledger.current('web')).toMatchObject({ deploymentId: 'web-1', fence: 2 });
  });

  test('closed twice is still RolledBack, and the release before is still current', async () => {
    const { close, commit } = await beginSecond();
    await commit();
    const first = await close(wentBack);
    expect(await close(wentBack)).toEqual(first);
    expect((await world.ledger.current('web'))?.deploymentId).toBe('web-1');
  });

  test('on a first deployment leaves no current release, and the next can be committed', async () => {
    const { close, commit, start, acquire, end, request } = await begin();
    await commit();
    await close(wentBack);
    expect((await world.ledger.current('web'))?.deploymentId).toBeUndefined();
    end(request, 'FAILED');
    const { lease } = await acquire(start());
    const current = await commitRelease(samplePlan(lease), world.ledger);
    expect(current).toMatchObject({ deploymentId: 'web-2' });
    expect(current).not.toHaveProperty('previous');
  });

  test('before its commit does not touch the current release', async () => {
    const { close } = await beginSecond();
    const before = await world.ledger.current('web');
    await close(wentBack);
    expect(await world.ledger.current('web')).toEqual(before);
  });

  test('and whose Lambda died between any two of its writes is finished by being run again', async () => {
    for (const writes of [1, 2, 3]) {
      const { close, commit, lease } = await beginSecond();
      await commit();
      const revive = dieAfterWrites(world, writes);
      await expect(close(wentBack)).rejects.toThrow('died');
      revive();
      expect((await close(wentBack)).outcome).toBe('RolledBack');
      expect(await heldBy()).toBeUndefined();
      expect((await world.ledger.current('web'))?.deploymentId).toBe(`web-${lease.fence - 1}`);
    }
  });
});

describe('an execution that has lost its lease', () => {
  test('neither frees the lease nor overwrites what the closing wrote', async () => {
    const { close, request, closing, end, acquire } = await begin();
    end(request);
    const taken = await acquire(closing('web-1'));
    await close({ failure });
    expect(await heldBy()).toBe(taken.request.executionArn);
    await closeDeployment(
      { deployment: { ...taken, reverted: [{ switched: true }] }, executionArn: taken.request.executionArn },
      world.ledger,
    );
    await close({ failure });
    expect(await history('web-1')).toMatchObject({
      outcome: 'RolledBack',
      closedBy: taken.request.executionArn,
    });
  });
});

describe('callbacks that nobody waits for any more', () => {
  test('are forgotten with their deployment, and another deployment’s are not', async () => {
    const { close } = await begin();
    const [own, other] = [sampleRun({ phase: 'pull-release' }), sampleRun({ deploymentId: 'api-1' })];
    for (const run of [own, other]) await world.ledger.put(runKey(run), { ...run });
    await close({ failure });
    expect((await world.ledger.run(own))?.open).toBeUndefined();
    expect((await world.ledger.run(other))?.open).toBe('open');
  });
});

describe('lost requests', () => {
  const receipt = (line: string) => JSON.parse(line) as Receipt;
  const run = (phase: PhaseRun['phase'], wave: number, counts: Record<string, Record<string, number>>) => {
    const of = sampleRun({ phase, wave });
    return {
      ...of,
      receipts: Object.fromEntries(
        Object.entries(counts).map(([host, facts]) => [host, receipt(doneLine(of, facts))]),
      ),
    };
  };

  test('are those of the last phase that counted, over all hosts and waves', () => {
    const runs = [
      run('retire', 0, { one: { requests: 30, status5xx: 2, status499: 3 } }),
      run('bake', 0, { one: { requests: 10, status5xx: 1, status499: 1 } }),
      run('bake', 1, { two: { requests: 5, status5xx: 0, status499: 7 } }),
      run('start-candidate', 0, { one: { requests: 999, status5xx: 999, status499: 999 } }),
    ];
    expect(countLost(runs)).toEqual({ requests: 35, status5xx: 2, status499: 10 });
  });

  test('keep what a host counted before it failed to say more', () => {
    const failed = sampleRun({ phase: 'retire' });
    const runs = [
      run('bake', 0, { one: { requests: 10, status5xx: 1, status499: 1 } }),
      {
        ...failed,
        receipts: {
          one: receipt(failedLine(failed, 'retire-failed')),
          two: receipt(failedLine(failed, 'retire-failed')),
        },
      },
    ];
    expect(countLost(runs)).toEqual({ requests: 10, status5xx: 1, status499: 1 });
  });

  test('are none when no phase has counted', () => {
    expect(countLost([sampleRun({ phase: 'bake' })])).toEqual({ requests: 0, status5xx: 0, status499: 0 });
  });

  test('reach the closed deployment from the ledger', async () => {
    const { close, commit } = await begin();
    const bake = run('bake', 0, { one: { requests: 12, status5xx: 3, status499: 0 } });
    await world.ledger.put(runKey(bake), bake);
    await commit();
    expect((await close()).lost).toEqual({ requests: 12, status5xx: 3, status499: 0 });
  });
});
