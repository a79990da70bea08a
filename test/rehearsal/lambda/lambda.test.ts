import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AskFunctionFault, FunctionFault } from '../../../rehearsal/lambda/function-fault.ts';
import { Lambda } from '../../../rehearsal/lambda/lambda.ts';
import type { Loose } from '../../support/run-machine.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { functionArn, functionResource, stackOf } from '../../support/deployed-stack.ts';

let folder: string;
let lambda: Lambda | undefined;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'lambda-'))));
afterEach(async () => {
  await lambda?.close();
  lambda = undefined;
  rmSync(folder, { recursive: true });
});

interface Given {
  readonly properties?: Record<string, unknown>;
  readonly file?: string;
  readonly clock?: ManualClock;
  readonly maxProcesses?: number;
  readonly fault?: AskFunctionFault;
  readonly clockOffset?: (handler: string) => number;
  readonly more?: Parameters<typeof stackOf>[0];
}

function given(
  source: string,
  { properties, file = 'index.mjs', more = [], ...options }: Given = {},
): Lambda {
  mkdirSync(join(folder, 'bundle'));
  writeFileSync(join(folder, 'bundle', file), source);
  lambda = new Lambda({
    stack: stackOf([functionResource('work', properties), ...more], { 'work.zip': join(folder, 'bundle') }),
    place: {
      endpointUrl: 'http://127.0.0.1:1',
      credentialsFor: (role) => ({
        accessKeyId: `key of ${role}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
      }),
    },
    logFolder: join(folder, 'logs'),
    ...options,
  });
  return lambda;
}

const call = async (on: Lambda, event: unknown = {}) => {
  const answer = await on.invoke('work', JSON.stringify(event));
  return { error: answer.functionError, payload: JSON.parse(answer.payload) as Loose };
};
const log = () => readFileSync(join(folder, 'logs', 'work.log'), 'utf8');

describe('a function', () => {
  it('is given its event and context, and its answer comes back', async () => {
    const on = given(`export const handler = async (event, context) => ({
      doubled: event.n * 2, arn: context.invokedFunctionArn, name: context.functionName, id: context.awsRequestId,
      left: context.getRemainingTimeInMillis() });`);
    const answer = await on.invoke(functionArn('work'), '{"n":21}');
    const payload = JSON.parse(answer.payload);
    expect(payload).toMatchObject({
      doubled: 42,
      arn: functionArn('work'),
      name: 'work',
      id: answer.requestId,
    });
    expect(payload.left).toBeGreaterThan(1000);
    expect(payload.left).toBeLessThanOrEqual(3000);
    expect(answer).toMatchObject({ statusCode: 200, executedVersion: '$LATEST' });
    expect(answer.functionError).toBeUndefined();
  });

  it('is a process of its own that stays warm', async () => {
    const on = given(
      `let calls = 0; export const handler = async () => ({ pid: process.pid, calls: ++calls });`,
    );
    const [first, second] = [await call(on), await call(on)];
    expect(second.payload).toEqual({ pid: first.payload.pid, calls: 2 });
    expect(first.payload.pid).not.toBe(process.pid);
  });

  it('sees its own environment, its role and nothing of ours but PATH', async () => {
    process.env['LEAK'] = 'yes';
    const on = given(`export const handler = async () => process.env;`, {
      properties: { Environment: { Variables: { TABLE: 'ledger' } } },
    });
    const { payload } = await call(on);
    expect(payload).toMatchObject({
      TABLE: 'ledger',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ACCESS_KEY_ID: 'key of arn:aws:iam::123456789012:role/work',
      AWS_SESSION_TOKEN: 'token',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
      AWS_LAMBDA_FUNCTION_NAME: 'work',
      PATH: process.env['PATH'],
    });
    expect(payload).not.toHaveProperty('LEAK');
    expect(payload).not.toHaveProperty('HOME');
    delete process.env['LEAK'];
  });

  it('answers null when it returns nothing', async () => {
    expect((await call(given(`export const handler = async () => {};`))).payload).toBeNull();
  });

  it('may be CommonJS', async () => {
    const on = given(`exports.handler = async () => 'old';`, { file: 'index.cjs' });
    expect((await call(on)).payload).toBe('old');
  });

  it('runs in a second process while the first is busy, and both are used again', async () => {
    const on = given(`export const handler = async ({ ms }) => {
      await new Promise((resolve) => setTimeout(resolve, ms)); return process.pid; };`);
    const both = await Promise.all([call(on, { ms: 300 }), call(on, { ms: 300 })]);
    const again = await Promise.all([call(on, { ms: 50 }), call(on, { ms: 50 })]);
    const pids = (answers: typeof both) => new Set(answers.map(({ payload }) => payload as number));
    expect(pids(both).size).toBe(2);
    expect(pids(again)).toEqual(pids(both));
  });

  it('waits when its processes are all busy', async () => {
    const on = given(`export const handler = async () => process.pid;`, { maxProcesses: 1 });
    const answers = await Promise.all([call(on), call(on), call(on)]);
    expect(new Set(answers.map(({ payload }) => payload as number)).size).toBe(1);
  });

  it('is throttled beyond its reserved concurrency', async () => {
    const on = given(`export const handler = async () => 1;`, {
      properties: { ReservedConcurrentExecutions: 1 },
    });
    const [first, second] = await Promise.allSettled([call(on), call(on)]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ reason: { code: 'TooManyRequestsException', status: 429 } });
  });

  it('writes what it prints to its log, between START and REPORT', async () => {
    await call(given(`export const handler = async () => console.log('hello there');`));
    expect(log()).toMatch(/START RequestId: (\S+)\nhello there\nREPORT RequestId: \1/);
  });
});

describe('a function that fails', () => {
  it('answers what it threw, by name', async () => {
    const on = given(`export const handler = async () => {
      throw Object.assign(new Error('held by x'), { name: 'lease-held' }); };`);
    const { error, payload } = await call(on);
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType: 'lease-held', errorMessage: 'held by x' });
    expect(payload.trace[0]).toBe('lease-held: held by x');
  });

  it('stays warm after it threw', async () => {
    const on = given(
      `export const handler = async ({ fail }) => { if (fail) throw new Error('no'); return process.pid; };`,
    );
    const before = await call(on);
    await call(on, { fail: true });
    expect(await call(on)).toEqual(before);
  });

  it('is killed when its time is up, and works again in a new process', async () => {
    const on = given(`export const handler = async ({ hang }) => { while (hang) {} return process.pid; };`, {
      properties: { Timeout: 1 },
    });
    const { payload: pid } = await call(on);
    const { error, payload } = await call(on, { hang: true });
    expect(error).toBe('Unhandled');
    expect(payload.errorType).toBe('Sandbox.Timedout');
    expect(payload.errorMessage).toMatch(/^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/);
    const { payload: next } = await call(on);
    expect(next).not.toBe(pid);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it.each([
    ['process.exit(3)', 'exit status 3'],
    [`process.kill(process.pid, 'SIGKILL')`, 'signal: SIGKILL'],
  ])('answers Runtime.ExitError after %s', async (crash, how) => {
    const { payload } = await call(
      given(`export const handler = async () => { ${crash}; await new Promise(() => {}); };`),
    );
    expect(payload.errorType).toBe('Runtime.ExitError');
    expect(payload.errorMessage).toMatch(new RegExp(`Runtime exited with error: ${how}$`));
  });

  it('answers Runtime.ExitError when nothing is left that could settle its promise', async () => {
    const { payload } = await call(given(`export const handler = () => new Promise(() => {});`));
    expect(payload).toMatchObject({ errorType: 'Runtime.ExitError' });
  });

  it('reports a rejection that nobody handled', async () => {
    const on = given(
      `export const handler = () => { Promise.reject(new Error('lost')); return new Promise(() => {}); };`,
    );
    expect((await call(on)).payload).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'lost',
    });
  });

  it('reports what failed while it was imported', async () => {
    const { error, payload } = await call(
      given(`throw new TypeError('no table'); export const handler = 1;`),
    );
    expect(error).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType: 'TypeError', errorMessage: 'no table' });
  });

  it.each([
    ['export const other = 1;', 'index.mjs', 'Runtime.HandlerNotFound'],
    ['export const handler = async () => 1;', 'wrong.mjs', 'Runtime.ImportModuleError'],
    [
      'export const handler = (event, context, callback) => callback(null, 1);',
      'index.mjs',
      'Runtime.CallbackHandlerDeprecated',
    ],
  ])('that is %s in %s answers %s', async (source, file, errorType) => {
    expect((await call(given(source, { file }))).payload.errorType).toBe(errorType);
  });

  it('cannot answer more than 6 MB', async () => {
    const { payload } = await call(given(`export const handler = async () => 'x'.repeat(6291556);`));
    expect(payload.errorType).toBe('Function.ResponseSizeTooLarge');
  });

  it('is not called with more than 6 MB', async () => {
    const on = given(`export const handler = async () => 1;`);
    await expect(on.invoke('work', `"${'x'.repeat(6_291_456)}"`)).rejects.toMatchObject({ status: 413 });
  });

  it('is not found by a name that the stack does not have', async () => {
    const on = given(`export const handler = async () => 1;`);
    await expect(on.invoke(functionArn('other'), '{}')).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
    await expect(on.invoke('work:12', '{}')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });
});

describe('an asynchronous invocation', () => {
  const failing = `export const handler = async ({ until }) => {
    globalThis.calls = (globalThis.calls ?? 0) + 1; if (globalThis.calls < until) throw new Error('not yet'); };`;
  const turn = async (clock: ManualClock, ms: number, times: number) => {
    while ((log().match(/REPORT/g) ?? []).length < times)
      await new Promise((resolve) => setTimeout(resolve, 5));
    for (let round = 0; round < 5; round += 1) await settle();
    await clock.advance(ms);
  };

  it('is tried again after one and after two more minutes', async () => {
    const clock = new ManualClock();
    const on = given(failing, { clock });
    const { handled } = on.invokeAsync('work', '{"until":3}');
    await turn(clock, 60_000, 1);
    await turn(clock, 119_999, 2);
    expect(log().match(/REPORT/g)).toHaveLength(2);
    await clock.advance(1);
    await handled;
    expect(log().match(/REPORT/g)).toHaveLength(3);
    expect(on.discarded).toEqual([]);
  });

  it('is given up after the attempts that EventInvokeConfig allows', async () => {
    const clock = new ManualClock();
    const more = [
      {
        logicalId: 'config',
        type: 'AWS::Lambda::EventInvokeConfig',
        properties: { FunctionName: 'work', Qualifier: '$LATEST', MaximumRetryAttempts: 0 },
      },
    ];
    const on = given(failing, { clock, more });
    await on.invokeAsync('work', '{"until":9}').handled;
    expect(on.discarded).toMatchObject([{ functionName: 'work', payload: '{"until":9}' }]);
    expect(on.discarded[0]!.reason).toContain('not yet');
  });
});

describe('a fault', () => {
  const caller = `import { request } from 'node:http';
    const get = (url) => new Promise((resolve) => request(url, (answer) => answer.resume().on('end', resolve)).end());
    export const handler = async ({ urls }) => { for (const url of urls) { await get(url); console.log('answered'); } return process.pid; };`;

  it('refuses an invocation as Lambda does when it is busy', async () => {
    const on = given(caller, { fault: () => 'throttle' });
    await expect(call(on)).rejects.toMatchObject({ code: 'TooManyRequestsException', status: 429 });
  });

  it('throttles an event until it is taken, with longer and longer waits', async () => {
    const clock = new ManualClock();
    let refusals = 0;
    const on = given(`export const handler = async () => 1;`, {
      clock,
      fault: () => (++refusals > 2 ? undefined : 'throttle'),
    });
    const { handled } = on.invokeAsync('work', '{}');
    await settle();
    await clock.advance(1000);
    expect(refusals).toBe(2);
    await clock.advance(1999);
    expect(refusals).toBe(2);
    await clock.advance(1);
    await handled;
    expect(refusals).toBe(3);
    expect(on.discarded).toEqual([]);
  });

  it('kills the process when AWS has answered its call, before it learns the answer', async () => {
    const asked: string[] = [];
    const aws = createServer((request, response) => response.end(asked.push(request.url!).toString()));
    await once(aws.listen(0, '127.0.0.1'), 'listening');
    const at = `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
    const faults: FunctionFault[] = ['crash', { crashAfterCalls: 2 }];
    const on = given(caller, { fault: (handler) => (handler === 'work' ? faults.shift() : undefined) });
    const event = { urls: [`${at}/1`, `${at}/2`, `${at}/3`] };
    for (const calls of [1, 2]) {
      expect((await call(on, event)).payload.errorType).toBe('Runtime.ExitError');
      expect(asked.splice(0)).toHaveLength(calls);
    }
    expect(log().match(/answered/g)).toHaveLength(1);
    expect((await call(on, event)).error).toBeUndefined();
    aws.close();
  });

  it('kills at its end a process that calls nobody', async () => {
    const on = given(`export const handler = async () => console.log('done');`, { fault: () => 'crash' });
    expect((await call(on)).payload.errorType).toBe('Runtime.ExitError');
    expect(log()).toContain('done');
  });
});

describe('the time', () => {
  const telling = `export const handler = async (event, context) => ({
    now: Date.now(), made: new Date().getTime(), text: Date(), given: new Date(0).toISOString(),
    is: new Date() instanceof Date && new Date().constructor === Date, left: context.getRemainingTimeInMillis(),
    began: Date.now() - performance.now() });`;

  it('is that of the rehearsal’s clock, and goes on by it from one invocation to the next', async () => {
    const clock = new ManualClock(Date.parse('2031-05-06T07:08:09.000Z'));
    const on = given(telling, { clock });
    const { payload: first } = await call(on);
    await clock.advance(3_600_000);
    const { payload: second } = await call(on);
    for (const [payload, time] of [
      [first, clock.now() - 3_600_000] as const,
      [second, clock.now()] as const,
    ]) {
      expect(payload.now - time).toBeGreaterThanOrEqual(0);
      expect(payload.now - time).toBeLessThan(60_000);
      expect(payload.made - payload.now).toBeLessThan(1000);
      expect(new Date(payload.text).getUTCFullYear()).toBe(2031);
      expect(payload).toMatchObject({ given: '1970-01-01T00:00:00.000Z', is: true });
      expect(payload.left).toBeLessThanOrEqual(3000);
      expect(payload.left).toBeGreaterThan(0);
    }
    expect(Math.round((second.began - first.began) / 3_600_000)).toBe(1);
  });

  it('of one function can be wrong, by what the rehearsal says at each invocation', async () => {
    const clock = new ManualClock();
    const offsets = [-600_000, 0];
    const on = given(telling, { clock, clockOffset: (name) => (name === 'work' ? offsets.shift()! : NaN) });
    const [wrong, right] = [await call(on), await call(on)];
    expect(Math.round((right.payload.now - wrong.payload.now) / 60_000)).toBe(10);
  });
});

describe('loading', () => {
  it.each([
    [{ Runtime: 'python3.13' }, 'Node functions only'],
    [{ VpcConfig: {} }, '(AWS::Lambda::Function): the rehearsal does not know VpcConfig'],
    [{ Code: { ZipFile: 'x' } }, 'Code must be an asset'],
    [{ Environment: { Variables: { AWS_REGION: 'x' } } }, 'lets no function set AWS_REGION'],
  ])('refuses %j', (properties, message) => {
    expect(() => given('', { properties })).toThrow(message);
  });
});

it('ends every process when it is closed', async () => {
  const on = given(`export const handler = async () => process.pid;`);
  const { payload: pid } = await call(on);
  await on.close();
  lambda = undefined;
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('when it is closed, ends what is under way, and starts nothing more', async () => {
  const on = given(
    `export const handler = () => { console.log('here'); return new Promise((resolve) => setTimeout(resolve, 60_000)); };`,
    {
      properties: { Timeout: 60 },
    },
  );
  const underWay = on.invoke('work', '{}');
  while (!log().includes('here')) await new Promise((resolve) => setTimeout(resolve, 5));
  await on.close();
  lambda = undefined;
  expect((await underWay).payload).toContain('signal: SIGKILL');
  await expect(on.invoke('work', '{}')).rejects.toMatchObject({ code: 'ServiceException' });
});
