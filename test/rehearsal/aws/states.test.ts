import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, describe, expect, it } from 'vitest';
import { createWire } from '../../../rehearsal/aws/wire.ts';
import { createCredentials, person } from '../../../rehearsal/aws/wire-credentials.ts';
import { AwsError, type PermissionCheck, type WireService } from '../../../rehearsal/aws/service.ts';
import { StatesService, type StatesOptions } from '../../../rehearsal/aws/states.ts';
import { account, functionArn, region, stackOf } from '../../support/deployed-stack.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { callbackTask, pass, task, type Loose } from '../../support/run-machine.ts';

const machineArn = `arn:aws:states:${region}:${account}:stateMachine:deploy`;
const executionArn = (name: string) => `arn:aws:states:${region}:${account}:execution:deploy:${name}`;
const caller = { principal: 'rehearsal' };

const machine = (states: Record<string, unknown>, properties: Record<string, unknown> = {}, fields = {}) => ({
  logicalId: 'Deploy',
  type: 'AWS::StepFunctions::StateMachine',
  arn: machineArn,
  ref: machineArn,
  properties: {
    DefinitionString: JSON.stringify({ StartAt: Object.keys(states)[0], States: states, ...fields }),
    RoleArn: 'arn:aws:iam::1:role/machine',
    ...properties,
  },
});

function serviceOf(resource: ReturnType<typeof machine>, options: Partial<StatesOptions> = {}) {
  const clock = new ManualClock();
  const published: Record<string, Loose>[] = [];
  const payloads: Loose[] = [];
  const service = new StatesService({
    stack: stackOf([resource]),
    clock,
    invoke: async (_name, payload) => {
      payloads.push(JSON.parse(payload));
      return { statusCode: 200, executedVersion: '$LATEST', requestId: 'r', payload: '"answer"' };
    },
    functionArn: (name) => functionArn(name),
    authorize: () => {},
    events: { publish: (event) => void published.push(event) },
    ...options,
  });
  const call = (action: string, input: Record<string, unknown>) =>
    (service as WireService).handle(action, input, caller) as Promise<Loose>;
  const start = (input?: string, name?: string) =>
    call('StartExecution', { stateMachineArn: machineArn, input, name });
  return { service, clock, published, payloads, call, start };
}

const refusedWith = (code: string) => expect.objectContaining({ code });
const waiting = { A: callbackTask() };

describe('StartExecution', () => {
  it('starts, and DescribeExecution tells how it went', async () => {
    const { start, call } = serviceOf(machine({ A: pass({ Result: { ok: true } }) }));
    expect(await start('{"x":1}', 'one')).toEqual({
      executionArn: executionArn('one'),
      startDate: 1_767_225_600,
    });
    await settle();
    expect(await call('DescribeExecution', { executionArn: executionArn('one') })).toMatchObject({
      executionArn: executionArn('one'),
      stateMachineArn: machineArn,
      name: 'one',
      status: 'SUCCEEDED',
      startDate: 1_767_225_600,
      stopDate: 1_767_225_600,
      input: '{"x":1}',
      output: '{"ok":true}',
    });
  });

  it('of the same name and input answers the execution that runs', async () => {
    const { start, service } = serviceOf(machine(waiting));
    expect(await start('{}', 'one')).toEqual(await start('{}', 'one'));
    expect(service.executions()).toHaveLength(1);
  });

  it('of the same name with another input, or after the end, is refused', async () => {
    const { start, call } = serviceOf(machine(waiting));
    await start('{}', 'one');
    await expect(start('{"x":1}', 'one')).rejects.toEqual(refusedWith('ExecutionAlreadyExists'));
    await call('StopExecution', { executionArn: executionArn('one') });
    await expect(start('{}', 'one')).rejects.toEqual(refusedWith('ExecutionAlreadyExists'));
  });

  it('without a name makes one, without input an empty one', async () => {
    const { start, service } = serviceOf(machine({ A: pass() }));
    await start();
    await start();
    expect(new Set(service.executions().map(({ name }) => name)).size).toBe(2);
    expect(service.executions()[0]!.input).toBe('{}');
  });

  it.each([
    ['a bad name', '{}', 'a b', 'InvalidName'],
    ['a name of 81 characters', '{}', 'x'.repeat(81), 'InvalidName'],
    ['input that is no JSON', '{', 'one', 'InvalidExecutionInput'],
    ['input that is too long', `"${'x'.repeat(262_144)}"`, 'one', 'ValidationException'],
  ])('refuses %s', async (_what, input, name, code) => {
    await expect(serviceOf(machine({ A: pass() })).start(input, name)).rejects.toEqual(refusedWith(code));
  });

  it('refuses what does not exist', async () => {
    const { call } = serviceOf(machine({ A: pass() }));
    await expect(call('StartExecution', { stateMachineArn: 'x' })).rejects.toEqual(
      refusedWith('StateMachineDoesNotExist'),
    );
    await expect(call('DescribeExecution', { executionArn: 'x' })).rejects.toEqual(
      refusedWith('ExecutionDoesNotExist'),
    );
    await expect(call('CreateStateMachine', {})).rejects.toEqual(refusedWith('RehearsalNotSupported'));
  });
});

describe('the other actions', () => {
  it('complete a task by its token', async () => {
    const { start, call, payloads } = serviceOf(machine(waiting));
    await start('{}', 'one');
    await settle();
    const taskToken = payloads[0].token;
    expect(await call('SendTaskHeartbeat', { taskToken })).toEqual({});
    await expect(call('SendTaskSuccess', { taskToken, output: '{' })).rejects.toEqual(
      refusedWith('InvalidOutput'),
    );
    expect(await call('SendTaskSuccess', { taskToken, output: '{"done":1}' })).toEqual({});
    await settle();
    expect(await call('DescribeExecution', { executionArn: executionArn('one') })).toMatchObject({
      output: '{"done":1}',
    });
    await expect(call('SendTaskSuccess', { taskToken, output: '1' })).rejects.toEqual(
      refusedWith('TaskTimedOut'),
    );
  });

  it('fail a task by its token', async () => {
    const { start, call, payloads } = serviceOf(machine(waiting));
    await start('{}', 'one');
    await settle();
    await call('SendTaskFailure', { taskToken: payloads[0].token, error: 'e', cause: 'c' });
    await settle();
    const described = await call('DescribeExecution', { executionArn: executionArn('one') });
    expect(described).toMatchObject({ status: 'FAILED', error: 'e', cause: 'c' });
    expect(described).not.toHaveProperty('output');
  });

  it('list the executions of a machine, the newest first, by status and page', async () => {
    const { start, call } = serviceOf(machine(waiting));
    for (const name of ['one', 'two', 'three']) await start('{}', name);
    await call('StopExecution', { executionArn: executionArn('two') });
    const list = (input = {}) => call('ListExecutions', { stateMachineArn: machineArn, ...input });
    const names = (answer: Loose) => answer.executions.map(({ name }: { name: string }) => name);
    expect(names(await list())).toEqual(['three', 'two', 'one']);
    expect(names(await list({ statusFilter: 'RUNNING' }))).toEqual(['three', 'one']);
    const first = await list({ maxResults: 2 });
    expect(names(first)).toEqual(['three', 'two']);
    expect(names(await list({ maxResults: 2, nextToken: first.nextToken }))).toEqual(['one']);
  });

  it('tell the history as the SDK names it', async () => {
    const { start, call } = serviceOf(machine({ A: task() }));
    await start('{}', 'one');
    await settle();
    const { events } = await call('GetExecutionHistory', { executionArn: executionArn('one') });
    expect(events[0]).toMatchObject({
      id: 1,
      type: 'ExecutionStarted',
      executionStartedEventDetails: { input: '{}' },
    });
    expect(events[1]).toMatchObject({
      type: 'TaskStateEntered',
      stateEnteredEventDetails: { name: 'A', input: '{}' },
    });
    expect(events.at(-2)).toMatchObject({ type: 'TaskStateExited', stateExitedEventDetails: { name: 'A' } });
    const newest = await call('GetExecutionHistory', {
      executionArn: executionArn('one'),
      reverseOrder: true,
      maxResults: 1,
    });
    expect(newest.events).toMatchObject([{ type: 'ExecutionSucceeded' }]);
  });
});

describe('status change events', () => {
  const statuses = (published: Record<string, Loose>[]) => published.map(({ detail }) => detail.status);

  it('tell the start and the end', async () => {
    const { start, published, clock } = serviceOf(machine({ A: { Type: 'Wait', Seconds: 2, End: true } }));
    await start('{"x":1}', 'one');
    await clock.advance(2000);
    const detail = {
      executionArn: executionArn('one'),
      stateMachineArn: machineArn,
      name: 'one',
      status: 'RUNNING',
      startDate: 1_767_225_600_000,
      stopDate: null as number | null,
      input: '{"x":1}',
      output: null as string | null,
      error: null,
      cause: null,
    };
    expect(published[0]).toMatchObject({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [executionArn('one')],
      detail,
    });
    expect(published[1]).toMatchObject({
      detail: { ...detail, status: 'SUCCEEDED', stopDate: 1_767_225_602_000, output: '{"x":1}' },
    });
    expect(published).toHaveLength(2);
  });

  it.each([
    ['FAILED', { A: { Type: 'Fail', Error: 'e', Cause: 'c' } }, { error: 'e', cause: 'c' }],
    ['TIMED_OUT', { A: { Type: 'Wait', Seconds: 9, End: true } }, {}],
  ])('tell %s', async (status, states, detail) => {
    const { start, published, clock } = serviceOf(machine(states, {}, { TimeoutSeconds: 5 }));
    await start('{}', 'one');
    await clock.advance(5000);
    expect(statuses(published)).toEqual(['RUNNING', status]);
    expect(published[1]).toMatchObject({ detail });
  });

  it('tell ABORTED when a person stops it', async () => {
    const { start, published, call } = serviceOf(machine(waiting));
    await start('{}', 'one');
    expect(await call('StopExecution', { executionArn: executionArn('one'), cause: 'c' })).toEqual({
      stopDate: 1_767_225_600,
    });
    expect(statuses(published)).toEqual(['RUNNING', 'ABORTED']);
    expect(published[1]).toMatchObject({ detail: { cause: 'c' } });
  });
});

describe('permissions', () => {
  it('name the resource that IAM asks for', async () => {
    const { service, start, payloads } = serviceOf(machine(waiting));
    await start('{}', 'one');
    await settle();
    const asked = (action: string, input: Record<string, unknown>) =>
      service.permissions(action, input)[0]?.resource;
    expect(asked('StartExecution', { stateMachineArn: machineArn })).toBe(machineArn);
    expect(asked('ListExecutions', { stateMachineArn: machineArn })).toBe(machineArn);
    for (const action of ['DescribeExecution', 'StopExecution', 'GetExecutionHistory']) {
      expect(asked(action, { executionArn: executionArn('one') })).toBe(executionArn('one'));
    }
    for (const action of ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat']) {
      expect(asked(action, { taskToken: payloads[0].token })).toBe(machineArn);
    }
    expect(service.permissions('StartExecution', { stateMachineArn: machineArn })[0]!.action).toBe(
      'states:StartExecution',
    );
  });

  it("are asked of the machine's role before a function is called", async () => {
    const asked: unknown[] = [];
    const authorize = (role: string, checks: readonly PermissionCheck[]) => {
      asked.push([role, checks]);
      throw new AwsError('AccessDeniedException', 'not authorized', 403);
    };
    const { start, call, payloads } = serviceOf(machine({ A: task() }), { authorize });
    await start('{}', 'one');
    await settle();
    expect(asked).toEqual([
      ['arn:aws:iam::1:role/machine', [{ action: 'lambda:InvokeFunction', resource: functionArn('work') }]],
    ]);
    expect(payloads).toEqual([]);
    const { error } = await call('DescribeExecution', { executionArn: executionArn('one') });
    expect(error).toBe('Lambda.AWSLambdaException');
  });
});

describe('loading', () => {
  it('replaces the substitutions of the template', async () => {
    const { start, payloads } = serviceOf(
      machine({ A: task({}, { is: '${Value}' }) }, { DefinitionSubstitutions: { Value: 'substituted' } }),
    );
    await start();
    await settle();
    expect(payloads).toEqual([{ is: 'substituted' }]);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ StateMachineType: 'EXPRESS' }, 'Deploy: the rehearsal runs STANDARD'],
    [
      { DefinitionString: undefined, DefinitionS3Location: {} },
      '(AWS::StepFunctions::StateMachine): the rehearsal does not know DefinitionS3Location',
    ],
    [{ DefinitionString: { Ref: 'x' } }, 'must be resolved to text'],
    [
      { DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Pass","Colour":1}}}' },
      'Deploy: state "A", field "Colour"',
    ],
  ])('refuses %j', (properties, message) => {
    expect(() => serviceOf(machine({ A: pass() }, properties))).toThrow(message);
  });
});

describe('closing', () => {
  it('aborts what runs and leaves no timer', async () => {
    const { service, start, clock } = serviceOf(machine({ A: { Type: 'Wait', Seconds: 60, End: true } }));
    await start('{}', 'one');
    await settle();
    await service.close();
    expect(service.executions()[0]!.result!.status).toBe('ABORTED');
    expect(clock.pending).toBe(0);
  });
});

describe('at the wire', () => {
  let close = async () => {};
  afterEach(() => close());

  it('speaks to the real client', async () => {
    const { service } = serviceOf(machine({ A: pass() }));
    const credentials = createCredentials();
    const endpoint = await createWire({
      services: [service],
      credentials,
      authorizer: { authorize: () => {} },
    }).listen();
    close = endpoint.close;
    const client = new SFNClient({
      region,
      endpoint: endpoint.url,
      credentials: credentials.credentialsFor(person),
    });
    const { executionArn: arn } = await client.send(
      new StartExecutionCommand({ stateMachineArn: machineArn, input: '{"x":1}' }),
    );
    const described = await client.send(new DescribeExecutionCommand({ executionArn: arn }));
    expect(described).toMatchObject({
      status: 'SUCCEEDED',
      output: '{"x":1}',
      startDate: new Date('2026-01-01T00:00:00Z'),
    });
    const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn: machineArn }));
    expect(executions).toMatchObject([{ executionArn: arn, stopDate: new Date('2026-01-01T00:00:00Z') }]);
    await expect(
      client.send(new DescribeExecutionCommand({ executionArn: `${arn}x` })),
    ).rejects.toMatchObject({
      name: 'ExecutionDoesNotExist',
    });
    client.destroy();
  });
});
