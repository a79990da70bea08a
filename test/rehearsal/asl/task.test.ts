import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../rehearsal/aws/service.ts';
import {
  callbackTask,
  FunctionError,
  pass,
  runMachine,
  startMachine,
  task,
} from '../../support/run-machine.ts';
import { settle } from '../../support/manual-clock.ts';

const never = () => new Promise(() => {});
const fails = (errorType: string) => () => {
  throw new FunctionError(errorType);
};

describe('a task', () => {
  it('calls its function with the resolved payload and answers as Lambda does, the payload parsed', async () => {
    const states = { A: task({}, { 'n.$': '$.n', fixed: [1, { 'all.$': '$' }] }) };
    const { output, status, machine } = await runMachine(states, {
      input: { n: 4 },
      fn: ({ n }) => ({ doubled: n * 2 }),
    });
    expect(machine.calls).toEqual([{ n: 4, fixed: [1, { all: { n: 4 } }] }]);
    expect(status).toBe('SUCCEEDED');
    expect(output).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST', Payload: { doubled: 8 } });
  });

  it('sends an empty object when it has no Payload', async () => {
    const { machine } = await runMachine({ A: task({ Parameters: { FunctionName: 'work' } }) });
    expect(machine.calls).toEqual([{}]);
  });

  it('filters in the order InputPath, Parameters, ResultSelector, ResultPath, OutputPath', async () => {
    const fields = {
      InputPath: '$.inner',
      ResultSelector: { 'got.$': '$.Payload' },
      ResultPath: '$.inner.result',
      OutputPath: '$.inner',
    };
    const { output, machine } = await runMachine(
      { A: task(fields) },
      { input: { inner: { x: 1 }, rest: 2 }, fn: () => 'done' },
    );
    expect(machine.calls).toEqual([{ given: { x: 1 } }]);
    expect(output).toEqual({ x: 1, result: { got: 'done' } });
  });

  it('with ResultPath null passes its raw input on', async () => {
    const { output } = await runMachine(
      { A: task({ ResultPath: null }) },
      { input: { x: 1 }, fn: () => 'ignored' },
    );
    expect(output).toEqual({ x: 1 });
  });

  it('with InputPath null is given an empty object, with OutputPath null answers one', async () => {
    const { output, machine } = await runMachine(
      { A: task({ InputPath: null, OutputPath: null }) },
      { input: { x: 1 } },
    );
    expect(machine.calls).toEqual([{ given: {} }]);
    expect(output).toEqual({});
  });

  it('that fails ends the execution with the error type and the whole answer as cause', async () => {
    const { status, error, cause } = await runMachine({ A: task() }, { fn: fails('host-offline') });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'host-offline' });
    expect(JSON.parse(cause!)).toEqual({ errorType: 'host-offline', errorMessage: 'because', trace: [] });
  });

  it.each([
    [new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429), 'Lambda.TooManyRequestsException'],
    [new AwsError('ServiceException', 'oops', 500), 'Lambda.ServiceException'],
    [new AwsError('AccessDeniedException', 'not authorized', 403), 'Lambda.AWSLambdaException'],
  ])('that Lambda refuses with %s fails with %s', async (refusal, name) => {
    const { error, cause } = await runMachine({ A: task() }, { fn: () => Promise.reject(refusal) });
    expect(error).toBe(name);
    expect(cause).toContain(`Error Code: ${refusal.code}`);
  });

  it('ends loudly, and uncaught, when the rehearsal itself is broken', async () => {
    const states = { A: task({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] }), B: pass() };
    const { status, error, cause } = await runMachine(states, {
      fn: () => Promise.reject(new TypeError('a bug')),
    });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.Runtime' });
    expect(cause).toContain('a bug');
  });
});

describe('a timeout', () => {
  it.each([
    ['TimeoutSeconds', { TimeoutSeconds: 30 }],
    ['TimeoutSecondsPath', { TimeoutSecondsPath: '$.seconds' }],
  ])('of %s fails the task with States.Timeout when it has passed, not before', async (_name, fields) => {
    const { handle, clock, types } = startMachine({ A: task(fields) }, { input: { seconds: 30 }, fn: never });
    await clock.advance(29_999);
    expect(types()).not.toContain('TaskTimedOut');
    await clock.advance(1);
    expect(await handle.done).toMatchObject({ status: 'FAILED', error: 'States.Timeout', cause: '' });
    expect(types()).toContain('TaskTimedOut');
    expect(clock.pending).toBe(0);
  });

  it('leaves nothing waiting when the task ends in time', async () => {
    expect((await runMachine({ A: task({ TimeoutSeconds: 5 }) }, { fn: () => 1 })).status).toBe('SUCCEEDED');
  });

  it('of a path that leads to no positive whole number fails with States.Runtime', async () => {
    const { error, cause } = await runMachine(
      { A: task({ TimeoutSecondsPath: '$.t' }) },
      { input: { t: '9' } },
    );
    expect(error).toBe('States.Runtime');
    expect(cause).toContain('TimeoutSecondsPath leads to "9"');
  });

  it('of the machine ends the execution as TIMED_OUT', async () => {
    const { handle, clock } = startMachine({ A: task() }, { fn: never, machine: { TimeoutSeconds: 60 } });
    await clock.advance(60_000);
    expect(await handle.done).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(clock.pending).toBe(0);
  });

  it('of the machine does not fire after the end', async () => {
    const { status } = await runMachine({ A: pass() }, { machine: { TimeoutSeconds: 60 } });
    expect(status).toBe('SUCCEEDED');
  });
});

describe('a task that waits for its token', () => {
  const waiting = async (fields: Record<string, unknown> = {}, fn = (): unknown => 'ignored') => {
    const machine = startMachine({ A: callbackTask(fields) }, { input: { x: 1 }, fn });
    await settle();
    return { ...machine, token: machine.calls[0].token as string };
  };

  it('ends with what SendTaskSuccess brings, not with what its function answers', async () => {
    const { handle, tokens, token } = await waiting({ ResultPath: '$.phase' });
    tokens.succeed(token, { done: true });
    expect((await handle.done).output).toEqual({ x: 1, phase: { done: true } });
  });

  it('may be answered before its function returns', async () => {
    const { handle, tokens, token } = await waiting({}, never);
    tokens.succeed(token, 'early');
    expect(await handle.done).toMatchObject({ status: 'SUCCEEDED', output: 'early' });
  });

  it('fails as SendTaskFailure says', async () => {
    const { handle, tokens, token } = await waiting();
    tokens.fail(token, 'health-check-failed', 'HTTP 503');
    expect(await handle.done).toMatchObject({
      status: 'FAILED',
      error: 'health-check-failed',
      cause: 'HTTP 503',
    });
  });

  it('fails at once when its function does', async () => {
    const { handle } = await waiting({}, fails('cannot-send'));
    expect(await handle.done).toMatchObject({ status: 'FAILED', error: 'cannot-send' });
  });

  it('has a token of its own in each attempt', async () => {
    const { calls, clock, tokens, token } = await waiting({ Retry: [{ ErrorEquals: ['again'] }] });
    tokens.fail(token, 'again', '');
    await clock.advance(1000);
    expect(calls).toHaveLength(2);
    expect(calls[1].token).not.toBe(token);
    expect(() => tokens.succeed(token, 1)).toThrow(expect.objectContaining({ code: 'TaskTimedOut' }));
  });

  it('answers TaskTimedOut to whoever comes second or too late', async () => {
    const { handle, tokens, token, clock } = await waiting({ TimeoutSeconds: 5 });
    await clock.advance(5000);
    expect(await handle.done).toMatchObject({ error: 'States.Timeout' });
    expect(() => tokens.succeed(token, 1)).toThrow(expect.objectContaining({ code: 'TaskTimedOut' }));
    const second = await waiting();
    second.tokens.succeed(second.token, 1);
    expect(() => second.tokens.heartbeat(second.token)).toThrow(
      expect.objectContaining({ code: 'TaskTimedOut' }),
    );
  });

  it('answers InvalidToken to what is no token, TaskDoesNotExist to one that was never given', async () => {
    const { tokens } = await waiting();
    const stranger = (await waiting()).token;
    expect(() => tokens.succeed('nonsense', 1)).toThrow(expect.objectContaining({ code: 'InvalidToken' }));
    expect(() => tokens.succeed(stranger, 1)).toThrow(expect.objectContaining({ code: 'TaskDoesNotExist' }));
  });

  it.each([
    ['HeartbeatSeconds', { HeartbeatSeconds: 10 }],
    ['HeartbeatSecondsPath', { HeartbeatSecondsPath: '$.x', TimeoutSeconds: 900 }],
  ])('fails with States.HeartbeatTimeout when %s pass without one', async (_name, fields) => {
    const seconds = 'HeartbeatSeconds' in fields ? 10 : 1;
    const { handle, tokens, token, clock } = await waiting(fields);
    await clock.advance(seconds * 900);
    tokens.heartbeat(token);
    await clock.advance(seconds * 900);
    expect(handle.history.at(-1)!.type).not.toBe('ExecutionFailed');
    await clock.advance(seconds * 100);
    expect(await handle.done).toMatchObject({ status: 'FAILED', error: 'States.HeartbeatTimeout' });
    expect(clock.pending).toBe(0);
  });
});

describe('the size limit of 262144 bytes', () => {
  const big = 'x'.repeat(262_144);
  const caught = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }] };

  it.each<[string, Record<string, unknown>, () => unknown]>([
    ['what a function answers', {}, () => big],
    [
      'what is sent to a function',
      { Parameters: { FunctionName: 'work', Payload: { 'a.$': '$.half', 'b.$': '$.half' } } },
      () => 1,
    ],
    ['what leaves a state', { ResultPath: '$.result' }, () => 'x'.repeat(131_072)],
  ])('holds for %s, and States.ALL does not catch it', async (_what, fields, fn) => {
    const states = { A: task({ ...caught, ...fields }), B: pass() };
    const { status, error } = await runMachine(states, { input: { half: 'x'.repeat(131_072) }, fn });
    expect({ status, error }).toEqual({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('lets 262144 bytes pass', async () => {
    const { status } = await runMachine({ A: pass() }, { input: 'x'.repeat(262_142) });
    expect(status).toBe('SUCCEEDED');
  });

  it('is caught by its own name', async () => {
    const states = {
      A: task({ Catch: [{ ErrorEquals: ['States.DataLimitExceeded'], ResultPath: null, Next: 'B' }] }),
      B: pass(),
    };
    expect((await runMachine(states, { fn: () => big })).status).toBe('SUCCEEDED');
  });
});

describe('stopping', () => {
  it('aborts what waits, with the error and cause that were given', async () => {
    const { handle, clock, types } = startMachine({ A: task({ TimeoutSeconds: 5 }) }, { fn: never });
    await settle();
    handle.stop('Person.Stopped', 'wrong release');
    expect(await handle.done).toMatchObject({
      status: 'ABORTED',
      error: 'Person.Stopped',
      cause: 'wrong release',
    });
    expect(types().at(-1)).toBe('ExecutionAborted');
    expect(clock.pending).toBe(0);
  });

  it('changes nothing of an execution that has ended', async () => {
    const { machine } = await runMachine({ A: pass() });
    machine.handle.stop('Late');
    expect(await machine.handle.done).toMatchObject({ status: 'SUCCEEDED' });
  });
});
