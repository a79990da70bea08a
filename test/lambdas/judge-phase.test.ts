import { describe, expect, test } from 'vitest';
import { judgePhase, type CommandStatusEvent } from '../../lambdas/judge-phase.ts';
import { runIdOf, runKey, type PhaseRun } from '../../lambdas/lib/ledger.ts';
import { readEvent } from './support/fixture.ts';
import { doneLine, failedLine, invocationOf, sampleRun } from './support/samples.ts';
import { dieAfterWrites, useWorld } from './support/setup.ts';

const world = useWorld();
const succeeded = readEvent<CommandStatusEvent>('ssm-command-success');
const commandId = succeeded.detail['command-id'];
const since = Date.parse('2026-01-15T09:55:30Z');

/** A wave that waits for its command to be judged. */
async function waiting(overrides: Partial<PhaseRun> = {}): Promise<PhaseRun> {
  const run = sampleRun({ phase: 'start-candidate', since, commandIds: new Set([commandId]), ...overrides });
  await world.ledger.put(runKey(run), { ...run });
  return run;
}

const answer = (run: PhaseRun, output: string, told: Parameters<typeof invocationOf>[2] = {}) =>
  void world.ssmDouble.invocations.set(commandId, [invocationOf(run, output, told)]);
const judged = (event = succeeded) => judgePhase(event, world);
const answers = () => world.statesDouble.answers;

describe('the event of a finished command', () => {
  test('answers the task that waits for it, and keeps the receipts', async () => {
    const run = await waiting();
    answer(run, doneLine(run));
    expect(await judged()).toBe('success');
    expect(answers()).toEqual([{ taskToken: 'token-1', output: { hosts: 1 } }]);
    const settled = await world.ledger.run(run);
    expect(settled).toMatchObject({ verdict: 'success', receipts: { 'i-0aaaaaaaa': { result: 'done' } } });
    expect(settled?.open).toBeUndefined();
    expect(await world.ledger.open()).toEqual([]);
  });

  test('fails the task with the failure the host named', async () => {
    const run = await waiting();
    answer(run, failedLine(run, 'health-check-failed'), { status: 'Failed' });
    await judged(readEvent('ssm-command-failed'));
    expect(answers()).toMatchObject([{ taskToken: 'token-1', error: 'health-check-failed' }]);
  });

  test('is not believed: the command may be Success and a host have failed, or the other way round', async () => {
    const run = await waiting();
    answer(run, '', { status: 'Failed', details: 'Undeliverable' });
    expect(await judged(succeeded)).toBe('failure');
    const again = await waiting({ taskToken: 'token-2' });
    answer(again, doneLine(again));
    expect(await judged(readEvent('ssm-command-timed-out'))).toBe('success');
    expect(answers()).toMatchObject([{ error: 'host-unreachable' }, { taskToken: 'token-2' }]);
  });

  test('of a single host (the invocation’s own event) serves as well', async () => {
    const run = await waiting();
    answer(run, doneLine(run));
    expect(await judged(readEvent('ssm-invocation-success'))).toBe('success');
  });

  test('delivered twice answers the task once', async () => {
    const run = await waiting();
    answer(run, doneLine(run));
    await judged();
    expect(await judged()).toBe('nothing waits for it');
    expect(answers()).toHaveLength(1);
  });

  test('delivered twice at once may answer twice, which does no harm', async () => {
    const run = await waiting();
    answer(run, doneLine(run));
    expect((await Promise.all([judged(), judged()])).sort()).toContain('success');
    expect((await world.ledger.run(run))?.open).toBeUndefined();
  });

  test('of somebody else’s command is nobody’s', async () => {
    await waiting();
    for (const comment of [
      '',
      'apt upgrade',
      'web-1',
      'web-1.start-candidate',
      'web-1.start-candidate.0.0',
      'web-9.bake.0',
    ]) {
      world.ssmDouble.comments.set(commandId, comment);
      expect(await judged()).toBe('nothing waits for it');
    }
    expect(answers()).toEqual([]);
  });

  test('of a command the service knows nothing of yet is nobody’s, and no error', async () => {
    await waiting();
    expect(await judged()).toBe('nothing waits for it');
  });
});

describe('a list that lags behind its event', () => {
  test('leaves the task waiting, for the sweep or the next event', async () => {
    const run = await waiting({ hosts: ['i-0aaaaaaaa', 'i-0bbbbbbbb'] });
    answer(run, doneLine(run));
    expect(await judged()).toBe('pending');
    expect(answers()).toEqual([]);
    expect((await world.ledger.run(run))?.open).toBe('open');
  });

  test('comes in pages, and every page is read', async () => {
    const hosts = Array.from({ length: 50 }, (_, index) => `i-000000${String(index).padStart(2, '0')}`);
    const run = await waiting({ hosts });
    world.ssmDouble.pageSize = 7;
    const all = hosts.map((host) => invocationOf(run, doneLine(run), { host }));
    world.ssmDouble.invocations.set(commandId, all);
    expect(await judged()).toBe('success');
    expect(answers()).toEqual([{ taskToken: 'token-1', output: { hosts: 50 } }]);
  });
});

describe('an attempt', () => {
  test('is not failed by a late event of the attempt before it', async () => {
    const run = await waiting({ commandIds: undefined, since: since + 60_000 });
    answer(run, '', { status: 'TimedOut', requestedAt: since });
    expect(await judged()).toBe('nothing waits for it');
    expect(answers()).toEqual([]);
  });

  test('is settled by its own command even before run-phase could write its id down', async () => {
    const run = await waiting({ commandIds: undefined });
    answer(run, doneLine(run), { requestedAt: since + 40 });
    expect(await judged()).toBe('success');
  });

  test('is not settled by what was sent under an earlier fence, just before a closing sent it again', async () => {
    const run = await waiting({ fence: 8, commandIds: undefined });
    for (const line of [failedLine({ ...run, fence: 7 }, 'fence-stale'), doneLine({ ...run, fence: 7 })]) {
      answer(run, line, { requestedAt: since - 40 });
      expect(await judged()).toBe('nothing waits for it');
    }
    expect(answers()).toEqual([]);
    answer(run, doneLine(run), { requestedAt: since + 40 });
    expect(await judged()).toBe('success');
  });

  test('that began while the one before was being judged keeps its own callback', async () => {
    const run = await waiting();
    answer(run, doneLine(run));
    const { run: read } = world.ledger;
    world.ledger.run = async (id) => {
      const found = await read(id);
      world.ledger.run = read;
      await waiting({ taskToken: 'token-2' });
      return found;
    };
    await judged();
    expect(answers()).toMatchObject([{ taskToken: 'token-1' }]);
    expect(await world.ledger.run(run)).toMatchObject({ taskToken: 'token-2', open: 'open' });
  });
});

describe('a task', () => {
  test.each(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'])(
    'that is gone (%s) is settled all the same',
    async (why) => {
      const run = await waiting();
      answer(run, doneLine(run));
      world.statesDouble.refused.set('token-1', why);
      expect(await judged()).toBe('success');
      expect((await world.ledger.run(run))?.open).toBeUndefined();
    },
  );

  test('that could not be answered stays open', async () => {
    const run = await waiting();
    answer(run, doneLine(run));
    world.statesDouble.refused.set('token-1', 'ThrottlingException');
    await expect(judged()).rejects.toThrow();
    expect((await world.ledger.run(run))?.open).toBe('open');
    world.statesDouble.refused.clear();
    expect(await judged()).toBe('success');
  });

  test.each(['bake', 'retire', 'revert'] as const)(
    'of %s is answered when its counts are in the ledger',
    async (phase) => {
      const run = await waiting({ phase });
      answer(run, doneLine(run));
      const revive = dieAfterWrites(world, 1);
      await expect(judged()).rejects.toThrow('died');
      revive();
      expect(answers()).toEqual([]);
      expect(await world.ledger.run(run)).toMatchObject({
        open: 'open',
        receipts: { 'i-0aaaaaaaa': { phase } },
      });
      expect(await judged()).toBe('success');
      expect(answers()).toHaveLength(1);
    },
  );

  test('that was answered by a Lambda that died right after is not answered wrongly by the next', async () => {
    const run = await waiting();
    answer(run, doneLine(run));
    const revive = dieAfterWrites(world, 1);
    await expect(judged()).rejects.toThrow('died');
    revive();
    expect(answers()).toHaveLength(1);
    expect(await judged()).toBe('nothing waits for it');
  });
});

test('the Comment of every run leads back to it', () => {
  expect(runIdOf(sampleRun({ deploymentId: 'my-app-2-17', phase: 'run-migrations', wave: 19 }))).toBe(
    'my-app-2-17.run-migrations.19',
  );
});
