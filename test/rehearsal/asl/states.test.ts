import { describe, expect, it } from 'vitest';
import { executionArn, pass, runMachine, startMachine } from '../../support/run-machine.ts';

describe('a Pass', () => {
  it('passes its input, its Result or its Parameters on', async () => {
    expect((await runMachine({ A: pass() }, { input: { x: 1 } })).output).toEqual({ x: 1 });
    expect((await runMachine({ A: pass({ Result: [1] }) })).output).toEqual([1]);
    const fields = { Parameters: { 'y.$': '$.x', z: 2 }, ResultPath: '$.new', InputPath: '$' };
    expect((await runMachine({ A: pass(fields) }, { input: { x: 1 } })).output).toEqual({
      x: 1,
      new: { y: 1, z: 2 },
    });
  });
});

describe('a Wait', () => {
  it.each([
    [{ Seconds: 90 }, 90],
    [{ Seconds: 0 }, 0],
    [{ SecondsPath: '$.seconds' }, 5],
    [{ Timestamp: '2026-01-01T00:01:00Z' }, 60],
    [{ TimestampPath: '$.until' }, 3600],
    [{ Timestamp: '2025-01-01T00:00:00Z' }, 0],
  ])('of %j lasts %i seconds', async (fields, seconds) => {
    const input = { seconds: 5, until: '2026-01-01T01:00:00Z' };
    const { startDate, stopDate, output } = await runMachine(
      { A: { Type: 'Wait', End: true, ...fields } },
      { input },
    );
    expect(stopDate - startDate).toBe(seconds * 1000);
    expect(output).toEqual(input);
  });

  it.each([
    [{ SecondsPath: '$.x' }, 'whole seconds'],
    [{ TimestampPath: '$.x' }, 'timestamp'],
  ])('of %j that leads to something else fails with States.Runtime', async (fields, message) => {
    const { error, cause } = await runMachine(
      { A: { Type: 'Wait', End: true, ...fields } },
      { input: { x: 'soon' } },
    );
    expect(error).toBe('States.Runtime');
    expect(cause).toContain(message);
  });

  it('may be longer than a timer of Node can be', async () => {
    const seconds = 3_000_000;
    const { handle, clock } = startMachine({ A: { Type: 'Wait', Seconds: seconds, End: true } });
    await clock.advance(seconds * 1000 - 1);
    expect(handle.history.at(-1)!.type).toBe('WaitStateEntered');
    await clock.advance(1);
    expect((await handle.done).status).toBe('SUCCEEDED');
  });
});

describe('a Succeed', () => {
  it('ends the execution with its output', async () => {
    const states = { A: { Type: 'Succeed', InputPath: '$.x' } };
    expect(await runMachine(states, { input: { x: 1 } })).toMatchObject({ status: 'SUCCEEDED', output: 1 });
  });
});

describe('a Fail', () => {
  it.each([
    [{ Error: 'e', Cause: 'c' }, 'e', 'c'],
    [{}, '', ''],
    [{ ErrorPath: '$.failure.Error', CausePath: '$.failure.Cause' }, 'from', 'the input'],
    [{ Error: 'e', CausePath: "States.Format('it was {}', $.failure.Error)" }, 'e', 'it was from'],
    [
      { ErrorPath: '$.failure', CausePath: 'States.JsonToString($.failure)' },
      'States.Runtime',
      'must be a string',
    ],
  ])('of %j ends the execution with %s: %s', async (fields, error, cause) => {
    const input = { failure: { Error: 'from', Cause: 'the input' } };
    const ended = await runMachine({ A: { Type: 'Fail', ...fields } }, { input });
    expect(ended).toMatchObject({ status: 'FAILED', error, cause: expect.stringContaining(cause) });
  });
});

describe('the context object', () => {
  it('tells execution, state machine and state', async () => {
    const { output } = await runMachine({ A: pass({ Parameters: { 'c.$': '$$' } }) }, { input: { x: 1 } });
    expect(output).toEqual({
      c: {
        Execution: {
          Id: executionArn,
          Name: 'one',
          Input: { x: 1 },
          RoleArn: 'arn:aws:iam::123456789012:role/deploy',
          StartTime: '2026-01-01T00:00:00.000Z',
          RedriveCount: 0,
        },
        StateMachine: { Id: 'arn:aws:states:eu-central-1:123456789012:stateMachine:deploy', Name: 'deploy' },
        State: { Name: 'A', EnteredTime: '2026-01-01T00:00:00.000Z', RetryCount: 0 },
      },
    });
  });

  it('tells when a state was entered', async () => {
    const states = {
      W: { Type: 'Wait', Seconds: 61, Next: 'A' },
      A: pass({ Parameters: { 'at.$': '$$.State.EnteredTime' } }),
    };
    expect((await runMachine(states)).output).toEqual({ at: '2026-01-01T00:01:01.000Z' });
  });
});

describe('the history', () => {
  it('has an event for the execution, and for each state entered and left, with its data and its time', async () => {
    const states = { W: { Type: 'Wait', Seconds: 2, Next: 'A' }, A: pass({ Result: 'r' }) };
    const { machine, startDate, stateTransitions } = await runMachine(states, { input: 1 });
    const at = (seconds: number) => startDate + seconds * 1000;
    expect(machine.handle.history).toEqual([
      { id: 1, timestamp: at(0), type: 'ExecutionStarted', input: 1 },
      { id: 2, timestamp: at(0), type: 'WaitStateEntered', name: 'W', input: 1 },
      { id: 3, timestamp: at(2), type: 'WaitStateExited', name: 'W', output: 1 },
      { id: 4, timestamp: at(2), type: 'PassStateEntered', name: 'A', input: 1 },
      { id: 5, timestamp: at(2), type: 'PassStateExited', name: 'A', output: 'r' },
      { id: 6, timestamp: at(2), type: 'ExecutionSucceeded', output: 'r' },
    ]);
    expect(stateTransitions).toBe(2);
  });
});
