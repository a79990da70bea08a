import { describe, expect, it } from 'vitest';
import { FunctionError, pass, runMachine, startMachine, task } from '../../support/run-machine.ts';

/** Fails with each error in turn, then answers. */
const failing = (...errors: string[]) => {
  const left = [...errors];
  return () => {
    const error = left.shift();
    if (error) throw new FunctionError(error, `${error} happened`);
    return 'done';
  };
};

const secondsOfCalls = async (retrier: Record<string, unknown>, failures: number, random?: () => number) => {
  const seconds: number[] = [];
  const answer = failing(...Array.from({ length: failures }, () => 'busy'));
  const machine = startMachine(
    { A: task({ Retry: [{ ErrorEquals: ['busy'], ...retrier }] }) },
    {
      fn: () => {
        seconds.push((machine.clock.now() - machine.handle.startDate) / 1000);
        return answer();
      },
      random,
    },
  );
  await machine.clock.advance(1_000_000);
  return { seconds, ...(await machine.handle.done) };
};

describe('a retry', () => {
  it('waits one second, then two, then four, and gives up after three, unless said otherwise', async () => {
    const { seconds, status, error, stateTransitions } = await secondsOfCalls({}, 9);
    expect(seconds).toEqual([0, 1, 3, 7]);
    expect({ status, error, stateTransitions }).toEqual({
      status: 'FAILED',
      error: 'busy',
      stateTransitions: 4,
    });
  });

  it('keeps to IntervalSeconds, BackoffRate, MaxAttempts and MaxDelaySeconds', async () => {
    const retrier = { IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 4, MaxDelaySeconds: 10 };
    const { seconds, status } = await secondsOfCalls(retrier, 4);
    expect(seconds).toEqual([0, 2, 8, 18, 28]);
    expect(status).toBe('SUCCEEDED');
  });

  it('is spread from nothing to the whole wait by JitterStrategy FULL', async () => {
    const { seconds } = await secondsOfCalls({ IntervalSeconds: 8, JitterStrategy: 'FULL' }, 2, () => 0.25);
    expect(seconds).toEqual([0, 2, 6]);
  });

  it('of no attempts does not happen', async () => {
    expect((await secondsOfCalls({ MaxAttempts: 0 }, 1)).seconds).toEqual([0]);
  });

  it('is counted by each retrier of its own', async () => {
    const Retry = [
      { ErrorEquals: ['a'], MaxAttempts: 1, IntervalSeconds: 1 },
      { ErrorEquals: ['States.ALL'], MaxAttempts: 1, IntervalSeconds: 1 },
    ];
    const run = (...errors: string[]) => runMachine({ A: task({ Retry }) }, { fn: failing(...errors) });
    expect((await run('a', 'b')).status).toBe('SUCCEEDED');
    expect((await run('a', 'b', 'a')).error).toBe('a');
    expect((await run('b', 'c')).error).toBe('c');
  });

  it('tells the state how often it was retried', async () => {
    const states = { A: task({ Retry: [{ ErrorEquals: ['a'] }] }, { 'count.$': '$$.State.RetryCount' }) };
    const { machine } = await runMachine(states, { fn: failing('a', 'a') });
    expect(machine.calls).toEqual([{ count: 0 }, { count: 1 }, { count: 2 }]);
  });

  it('ends with the execution when that is stopped', async () => {
    const { handle, clock } = startMachine(
      { A: task({ Retry: [{ ErrorEquals: ['a'] }] }) },
      { fn: failing('a', 'a') },
    );
    await clock.advance(500);
    handle.stop();
    expect((await handle.done).status).toBe('ABORTED');
    expect(clock.pending).toBe(0);
  });
});

describe('a catch', () => {
  const caughtBy = async (names: string[], error: string, catcher: Record<string, unknown> = {}) => {
    const states = { A: task({ Catch: [{ ErrorEquals: names, Next: 'B', ...catcher }] }), B: pass() };
    return runMachine(states, { input: { x: 1 }, fn: failing(error) });
  };

  it('goes on with the error and its cause instead of the input', async () => {
    const { status, output } = await caughtBy(['broken'], 'broken');
    expect(status).toBe('SUCCEEDED');
    expect(output).toEqual({ Error: 'broken', Cause: expect.stringContaining('broken happened') });
  });

  it('puts them into the raw input by its ResultPath', async () => {
    const states = {
      A: task({
        InputPath: '$.x',
        ResultPath: '$.y',
        Catch: [{ ErrorEquals: ['e'], ResultPath: '$.failure', Next: 'B' }],
      }),
      B: pass(),
    };
    const { output } = await runMachine(states, { input: { x: 1 }, fn: failing('e') });
    expect(output).toMatchObject({ x: 1, failure: { Error: 'e' } });
    expect(output).not.toHaveProperty('y');
  });

  it('with ResultPath null goes on with the input', async () => {
    expect((await caughtBy(['e'], 'e', { ResultPath: null })).output).toEqual({ x: 1 });
  });

  it('comes after the retries', async () => {
    const states = {
      A: task({
        Retry: [{ ErrorEquals: ['e'], MaxAttempts: 2 }],
        Catch: [{ ErrorEquals: ['e'], Next: 'B' }],
      }),
      B: pass(),
    };
    const { machine, status, stateTransitions } = await runMachine(states, { fn: failing('e', 'e', 'e') });
    expect(machine.calls).toHaveLength(3);
    expect({ status, stateTransitions }).toEqual({ status: 'SUCCEEDED', stateTransitions: 4 });
  });

  it('is the first that names the error', async () => {
    const states = {
      A: task({
        Catch: [
          { ErrorEquals: ['e'], Next: 'B' },
          { ErrorEquals: ['States.ALL'], Next: 'C' },
        ],
      }),
      B: pass({ Result: 'by name' }),
      C: pass({ Result: 'by all' }),
    };
    expect((await runMachine(states, { fn: failing('e') })).output).toBe('by name');
    expect((await runMachine(states, { fn: failing('f') })).output).toBe('by all');
  });

  it.each([
    ['States.ALL', 'anything', true],
    ['States.TaskFailed', 'anything', true],
    ['States.TaskFailed', 'States.Timeout', false],
    ['States.Timeout', 'States.Timeout', true],
    ['States.Timeout', 'States.HeartbeatTimeout', false],
    ['States.ALL', 'States.HeartbeatTimeout', true],
    ['States.ALL', 'States.Runtime', false],
    ['States.TaskFailed', 'States.DataLimitExceeded', false],
    ['Anything', 'anything', false],
  ])('of %s, when the error is %s, catches: %s', async (name, error, catches) => {
    expect((await caughtBy([name], error)).status).toBe(catches ? 'SUCCEEDED' : 'FAILED');
  });
});
