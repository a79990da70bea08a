import { describe, expect, it } from 'vitest';
import { settle } from '../../support/manual-clock.ts';
import {
  callbackTask,
  FunctionError,
  pass,
  runMachine,
  startMachine,
  task,
} from '../../support/run-machine.ts';

const never = () => new Promise(() => {});

const map = (state: Record<string, unknown>, fields: Record<string, unknown> = {}) => ({
  Type: 'Map',
  ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: 'I', States: { I: state } },
  ...('Next' in fields ? {} : { End: true }),
  ...fields,
});

describe('a Map', () => {
  it('runs its graph for each item and answers the outputs in order', async () => {
    const { output } = await runMachine(
      { A: map(task({ OutputPath: '$.Payload' })) },
      { input: [3, 1, 2], fn: ({ given }) => given * 10 },
    );
    expect(output).toEqual([30, 10, 20]);
  });

  it('finds its items by ItemsPath, and hands each with its index by ItemSelector', async () => {
    const fields = {
      ItemsPath: '$.plan.waves',
      ItemSelector: { 'wave.$': '$$.Map.Item.Value', 'index.$': '$$.Map.Item.Index', 'id.$': '$.id' },
    };
    const { output } = await runMachine(
      { A: map(pass(), fields) },
      { input: { id: 7, plan: { waves: ['a', 'b'] } } },
    );
    expect(output).toEqual([
      { wave: 'a', index: 0, id: 7 },
      { wave: 'b', index: 1, id: 7 },
    ]);
  });

  it('shows its item to the states inside the iteration', async () => {
    const state = pass({
      Parameters: { 'at.$': '$$.Map.Item.Index', 'is.$': '$$.Map.Item.Value', 'in.$': '$' },
    });
    const { output } = await runMachine({ A: map(state, { ItemSelector: { x: 1 } }) }, { input: ['a'] });
    expect(output).toEqual([{ at: 0, is: 'a', in: { x: 1 } }]);
  });

  it('puts its result by ResultSelector and ResultPath', async () => {
    const fields = { ItemsPath: '$.list', ResultSelector: { 'first.$': '$[0]' }, ResultPath: '$.result' };
    const { output } = await runMachine({ A: map(pass(), fields) }, { input: { list: [5, 6] } });
    expect(output).toEqual({ list: [5, 6], result: { first: 5 } });
  });

  it('of no items answers an empty list', async () => {
    expect((await runMachine({ A: map(pass()) }, { input: [] })).output).toEqual([]);
  });

  it('of what is no list fails with States.Runtime', async () => {
    const { error, cause } = await runMachine({ A: map(pass(), { ItemsPath: '$.x' }) }, { input: { x: 1 } });
    expect(error).toBe('States.Runtime');
    expect(cause).toContain('"$.x" must point to array');
  });

  it.each([
    [{ MaxConcurrency: 2 }, 2],
    [{ MaxConcurrency: 0 }, 40],
    [{}, 40],
    [{ MaxConcurrency: 100 }, 40],
  ])('with %j runs so many at once: %i', async (fields, atOnce) => {
    const states = { A: map({ Type: 'Wait', Seconds: 10, End: true }, fields) };
    const { machine } = await runMachine(states, { input: Array.from({ length: 50 }, (_, index) => index) });
    const { history, startDate } = machine.handle;
    const first = history.filter(
      ({ type, timestamp }) => type === 'MapIterationStarted' && timestamp === startDate,
    );
    expect(first).toHaveLength(atOnce);
    expect(history.filter(({ type }) => type === 'MapIterationSucceeded')).toHaveLength(50);
  });

  it('runs one after the other with MaxConcurrency 1', async () => {
    const seconds: number[] = [];
    const fn = () => void seconds.push(machine.clock.now() - machine.handle.startDate);
    const wait = { Type: 'Wait', Seconds: 1, Next: 'J' };
    const states = { I: wait, J: task() };
    const machine = startMachine(
      { A: map({}, { MaxConcurrency: 1, ItemProcessor: { StartAt: 'I', States: states } }) },
      { input: [1, 2, 3], fn },
    );
    await machine.clock.advance(5000);
    expect(seconds).toEqual([1000, 2000, 3000]);
  });

  it('fails with the error of the iteration that fails, and cancels the others', async () => {
    const fn = ({ given }: { given: number }) => {
      if (given === 2) throw new FunctionError('broken', 'wave 2');
      return never();
    };
    const { handle, clock, types } = startMachine(
      { A: map(task({ TimeoutSeconds: 900 })) },
      { input: [1, 2, 3], fn },
    );
    expect(await handle.done).toMatchObject({
      status: 'FAILED',
      error: 'broken',
      cause: expect.stringContaining('wave 2'),
    });
    expect(clock.pending).toBe(0);
    expect(types().filter((type) => type === 'MapIterationFailed')).toHaveLength(1);
    expect(types().filter((type) => type === 'MapIterationAborted')).toHaveLength(2);
  });

  it('starts no further iteration after a failure', async () => {
    const fn = () => {
      throw new FunctionError('broken');
    };
    const { machine } = await runMachine({ A: map(task(), { MaxConcurrency: 1 }) }, { input: [1, 2, 3], fn });
    expect(machine.calls).toEqual([{ given: 1 }]);
  });

  it('answers TaskTimedOut to the callback of a cancelled iteration', async () => {
    const { handle, tokens, calls } = startMachine({ A: map(callbackTask()) }, { input: [1, 2] });
    await settle();
    tokens.fail(calls[0].token, 'broken', '');
    expect(await handle.done).toMatchObject({ error: 'broken' });
    expect(() => tokens.succeed(calls[1].token, 1)).toThrow(
      expect.objectContaining({ code: 'TaskTimedOut' }),
    );
  });

  it('catches and retries as a whole', async () => {
    const errors = ['e', undefined, 'e', undefined];
    const fn = () => {
      const error = errors.shift();
      if (error) throw new FunctionError(error);
    };
    const fields = { MaxConcurrency: 1, Retry: [{ ErrorEquals: ['e'], MaxAttempts: 1 }], Next: 'B' };
    const Catch = [{ ErrorEquals: ['e'], ResultPath: null, Next: 'B' }];
    const { output, machine } = await runMachine(
      { A: map(task(), { ...fields, Catch }), B: pass() },
      { input: [1, 2], fn },
    );
    expect(machine.calls).toHaveLength(3);
    expect(output).toEqual([1, 2]);
  });

  it('may be inside a Map, whose own item it hides', async () => {
    const inner = map(pass({ Parameters: { 'is.$': '$$.Map.Item.Value' } }));
    const outer = { ...inner, ItemProcessor: { StartAt: 'O', States: { O: inner } } };
    expect((await runMachine({ A: outer }, { input: [[1], [2, 3]] })).output).toEqual([
      [{ is: 1 }],
      [{ is: 2 }, { is: 3 }],
    ]);
  });

  it('ends its iterations when the execution is stopped', async () => {
    const { handle, clock } = startMachine(
      { A: map({ Type: 'Wait', Seconds: 60, End: true }) },
      { input: [1, 2] },
    );
    await clock.advance(1000);
    handle.stop();
    expect((await handle.done).status).toBe('ABORTED');
    expect(clock.pending).toBe(0);
  });

  it('fails when a Fail state inside it is reached, and ends an iteration at Succeed', async () => {
    const states = {
      I: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 2, Next: 'Bad' }], Default: 'Good' },
      Good: { Type: 'Succeed' },
      Bad: { Type: 'Fail', Error: 'two', Cause: 'it is two' },
    };
    const machine = { A: map({}, { ItemProcessor: { StartAt: 'I', States: states } }) };
    expect(await runMachine(machine, { input: [1, 3] })).toMatchObject({
      status: 'SUCCEEDED',
      output: [1, 3],
    });
    expect(await runMachine(machine, { input: [1, 2] })).toMatchObject({ error: 'two', cause: 'it is two' });
  });

  it('counts every state entered', async () => {
    expect((await runMachine({ A: map(pass()) }, { input: [1, 2, 3] })).stateTransitions).toBe(4);
  });
});

describe('a Parallel', () => {
  const parallel = (branches: Record<string, unknown>[], fields = {}) => ({
    Type: 'Parallel',
    Branches: branches.map((state, index) => ({ StartAt: `B${index}`, States: { [`B${index}`]: state } })),
    End: true,
    ...fields,
  });

  it('gives each branch its input and answers their outputs in order', async () => {
    const branches = [pass({ Result: 'one' }), pass()];
    const { output } = await runMachine(
      { A: parallel(branches, { Parameters: { 'y.$': '$.x' } }) },
      { input: { x: 1 } },
    );
    expect(output).toEqual(['one', { y: 1 }]);
  });

  it('fails with the branch that fails and cancels the others', async () => {
    const branches = [
      { Type: 'Wait', Seconds: 900, End: true },
      { Type: 'Fail', Error: 'no' },
    ];
    const { handle, clock } = startMachine({ A: parallel(branches) });
    expect(await handle.done).toMatchObject({ status: 'FAILED', error: 'no' });
    expect(clock.pending).toBe(0);
  });
});
