import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { closeDeployment } from '../../lambdas/close-deployment.ts';
import { closeExecution, type ExecutionStatusEvent } from '../../lambdas/close-execution.ts';
import { runKey, type PhaseRun } from '../../lambdas/lib/ledger.ts';
import { report, sweep } from '../../lambdas/sweep.ts';
import { readEvent } from './support/fixture.ts';
import { doneLine, invocationOf, samplePlan, sampleRun } from './support/samples.ts';
import { makeExecutions, useWorld } from './support/setup.ts';

const world = useWorld();
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
const started = () => world.statesDouble.started;

async function waiting(commandId: string, overrides: Partial<PhaseRun> = {}): Promise<PhaseRun> {
  const run = sampleRun({ commandIds: new Set([commandId]), ...overrides });
  await world.ledger.put(runKey(run), { ...run });
  return run;
}

/** web-1 has begun, and its execution has ended so. */
async function abandon(status: string) {
  const executions = makeExecutions(world);
  const request = executions.start();
  const { lease } = await executions.acquire(request);
  executions.end(request, status);
  return { ...executions, request, lease };
}

/** web-1 has closed itself, and the index does not say so yet. */
async function closeBehindTheIndex() {
  const { request, lease } = await abandon('FAILED');
  const stale = await world.ledger.open();
  const deployment = { request, lease, plan: samplePlan() };
  await closeDeployment({ deployment, executionArn: request.executionArn }, world.ledger);
  world.ledger.open = async () => stale;
  return request;
}

describe('the sweep', () => {
  test('settles what no event reported', async () => {
    const run = await waiting('command-1');
    world.ssmDouble.invocations.set('command-1', [invocationOf(run, doneLine(run))]);
    expect(await sweep(world)).toEqual({ settled: 1, closing: [], errors: [] });
    expect(world.statesDouble.answers).toMatchObject([{ taskToken: 'token-1' }]);
    expect(await sweep(world)).toEqual({ settled: 0, closing: [], errors: [] });
    expect(world.statesDouble.answers).toHaveLength(1);
  });

  test('leaves alone what still runs, and what was never sent', async () => {
    const run = await waiting('command-1');
    world.ssmDouble.invocations.set('command-1', [invocationOf(run, '', { status: 'InProgress' })]);
    const unsent = sampleRun({ phase: 'retire' });
    await world.ledger.put(runKey(unsent), { ...unsent });
    expect(await sweep(world)).toEqual({ settled: 0, closing: [], errors: [] });
    expect(world.statesDouble.answers).toEqual([]);
  });

  test('does not answer twice what an event settled at the same moment, as far as anyone can tell', async () => {
    const run = await waiting('command-1');
    world.ssmDouble.invocations.set('command-1', [invocationOf(run, doneLine(run))]);
    world.statesDouble.refused.set('token-1', 'TaskTimedOut');
    expect(await sweep(world)).toMatchObject({ settled: 1, errors: [] });
  });

  test('is not kept from the rest by one that cannot be looked at', async () => {
    const [sick, well] = [
      await waiting('command-1'),
      await waiting('command-2', { wave: 1, taskToken: 'token-2' }),
    ];
    world.ssmDouble.invocations.set('command-1', [invocationOf(sick, doneLine(sick))]);
    world.ssmDouble.invocations.set('command-2', [invocationOf(well, doneLine(well))]);
    world.statesDouble.refused.set('token-1', 'ThrottlingException');
    await abandon('ABORTED');
    expect(await sweep(world)).toEqual({
      settled: 1,
      closing: ['web-1'],
      errors: [expect.stringContaining('Throttling') as string],
    });
    expect(world.statesDouble.answers).toMatchObject([{ taskToken: 'token-2' }]);
  });

  test('fails when something could not be looked at, and its alarm hears of it', () => {
    const swept = { settled: 1, closing: [], errors: ['ThrottlingException: Rate exceeded'] };
    expect(() => report(swept)).toThrow(/Rate exceeded/);
    expect(report({ ...swept, errors: [] })).toEqual({ settled: 1, closing: [], errors: [] });
  });

  test.each(['ABORTED', 'TIMED_OUT', 'FAILED'])(
    'closes a deployment whose execution is %s',
    async (status) => {
      await abandon(status);
      expect(await sweep(world)).toMatchObject({ closing: ['web-1'] });
      expect(started()).toMatchObject([{ input: { closes: 'web-1' } }]);
      expect(started()[0]!.name).toMatch(/^close-web-1-1-[0-9]+$/);
      expect(started()[0]!.name.length).toBeLessThanOrEqual(80);
    },
  );

  test.each(['RUNNING', 'PENDING_REDRIVE'])(
    'leaves a deployment whose execution is %s alone',
    async (status) => {
      await abandon(status);
      expect(await sweep(world)).toMatchObject({ closing: [] });
      expect(started()).toEqual([]);
    },
  );

  test('asks for a closing again and again, and Step Functions starts it once', async () => {
    await abandon('ABORTED');
    await sweep(world);
    expect(await sweep(world)).toMatchObject({ closing: ['web-1'], errors: [] });
    expect(started()).toHaveLength(1);
  });

  test('tries anew at once when a closing ended before it had taken the lease over', async () => {
    await abandon('ABORTED');
    await sweep(world);
    for (let minute = 1; minute < 10; minute += 1) {
      world.statesDouble.taken.add(started().at(-1)!.name);
      await sweep(world);
      expect(started().at(-1)!.name).toBe(`close-web-1-1-${minute + 1}`);
    }
  });

  test('after ten in vain does so each tenth minute: no execution a minute for ever', async () => {
    await abandon('ABORTED');
    const minutes = vi.spyOn(Date.prototype, 'getUTCMinutes');
    for (let minute = 0; minute < 60; minute += 1) {
      minutes.mockReturnValue(minute);
      await sweep(world);
      world.statesDouble.taken.add(started().at(-1)!.name);
    }
    minutes.mockRestore();
    expect(started()).toHaveLength(10 + 5);
  });

  test('closes what an execution of a machine left open that the stack no longer has, and that nobody may ask for', async () => {
    const machine = (name: string) => `arn:aws:states:eu-central-1:123456789012:stateMachine:${name}`;
    const executionArn = 'arn:aws:states:eu-central-1:123456789012:execution:Old-1:push';
    const { acquire, start } = makeExecutions(world);
    await acquire(start({ executionArn }));
    world.statesDouble.statuses.set(executionArn, 'RUNNING');
    vi.stubEnv('STATE_MACHINE_ARN', machine('New-2'));
    expect(await sweep(world)).toMatchObject({ closing: ['web-1'], errors: [] });
    vi.unstubAllEnvs();
    const closing = start({
      trigger: 'closing',
      closes: 'web-1',
      executionArn: 'arn:aws:states:eu-central-1:123456789012:execution:New-2:close',
    });
    expect(await acquire(closing)).toMatchObject({ way: 'back', lease: { fence: 2 } });
  });

  test('believes the table, not its index, of a lease that was given back meanwhile', async () => {
    await closeBehindTheIndex();
    expect(await sweep(world)).toMatchObject({ closing: [] });
    expect(started()).toEqual([]);
  });

  test('has nothing to do with an empty ledger', async () => {
    expect(await sweep(world)).toEqual({ settled: 0, closing: [], errors: [] });
  });
});

describe('the event of an execution that did not succeed', () => {
  const eventOf = (name: string, executionArn: string): ExecutionStatusEvent => {
    const event = readEvent<ExecutionStatusEvent>(name);
    return { ...event, detail: { ...event.detail, executionArn } };
  };
  const close = (event: ExecutionStatusEvent) => closeExecution(event, world.ledger, world.sfn);

  test.each(['execution-aborted', 'execution-timed-out', 'execution-failed', 'execution-failed-long-input'])(
    '%s closes what it left open',
    async (name) => {
      const { request } = await abandon('ABORTED');
      expect(await close(eventOf(name, request.executionArn))).toBe('web-1');
      expect(started()).toMatchObject([{ input: { closes: 'web-1' } }]);
    },
  );

  test('closes nothing when the deployment has closed itself', async () => {
    const { request, lease } = await abandon('FAILED');
    await closeDeployment(
      { deployment: { request, lease, plan: samplePlan() }, executionArn: request.executionArn },
      world.ledger,
    );
    expect(await close(eventOf('execution-failed', request.executionArn))).toBeUndefined();
    expect(started()).toEqual([]);
  });

  test('believes the table, not its index, of a lease that was given back meanwhile', async () => {
    const { executionArn } = await closeBehindTheIndex();
    expect(await close(eventOf('execution-failed', executionArn))).toBeUndefined();
    expect(started()).toEqual([]);
  });

  test('closes nothing of another execution’s', async () => {
    await abandon('ABORTED');
    expect(await close(readEvent('execution-aborted'))).toBeUndefined();
    expect(started()).toEqual([]);
  });

  test('delivered twice, or beside the sweep, starts one closing', async () => {
    const { request } = await abandon('ABORTED');
    const event = eventOf('execution-aborted', request.executionArn);
    await close(event);
    await Promise.all([close(event), sweep(world)]);
    expect(started()).toHaveLength(1);
  });

  test('of a closing that took the lease over closes it anew', async () => {
    const { closing, acquire, end } = await abandon('ABORTED');
    const taken = closing('web-1');
    await acquire(taken);
    end(taken);
    expect(await close(eventOf('execution-aborted', taken.executionArn))).toBe('web-1');
    expect(started()[0]!.name).toMatch(/^close-web-1-2-/);
  });
});
