import { describe, expect, it } from 'vitest';
import { DefaultBus, type DefaultBusOptions } from '../../../rehearsal/aws/default-bus.ts';
import { AwsError, type PermissionCheck } from '../../../rehearsal/aws/service.ts';
import type { Loose } from '../../support/run-machine.ts';
import { account, functionArn, region, stackOf } from '../../support/deployed-stack.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';

const machineArn = `arn:aws:states:${region}:${account}:stateMachine:deploy`;
const ruleArn = `arn:aws:events:${region}:${account}:rule/push`;
const queueArn = `arn:aws:sqs:${region}:${account}:dead`;
const toMachine = { Id: 'T0', Arn: machineArn, RoleArn: 'arn:aws:iam::1:role/events' };
const toFunction = { Id: 'T0', Arn: functionArn('judge') };

const rule = (properties: Record<string, unknown>) => ({
  logicalId: 'Push',
  type: 'AWS::Events::Rule',
  ref: 'push',
  arn: ruleArn,
  properties: { EventPattern: { source: ['aws.ecr'] }, ...properties },
});
const permission = (properties: Record<string, unknown> = {}) => ({
  logicalId: 'Permission',
  type: 'AWS::Lambda::Permission',
  properties: {
    Action: 'lambda:InvokeFunction',
    Principal: 'events.amazonaws.com',
    FunctionName: functionArn('judge'),
    SourceArn: ruleArn,
    ...properties,
  },
});

const queuePolicy = (condition: unknown = { ArnEquals: { 'aws:SourceArn': ruleArn } }) => ({
  logicalId: 'QueuePolicy',
  type: 'AWS::SQS::QueuePolicy',
  properties: {
    PolicyDocument: {
      Statement: [
        { Effect: 'Deny', Action: 'sqs:*', Principal: { AWS: '*' }, Resource: queueArn },
        {
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Principal: { Service: 'events.amazonaws.com' },
          Resource: queueArn,
          Condition: condition,
        },
      ],
    },
  },
});

function busWith(resources: Parameters<typeof stackOf>[0], options: Partial<DefaultBusOptions> = {}) {
  const clock = new ManualClock();
  const sent: { to: string; payload: Loose; at: number }[] = [];
  const checks: { role: string; check: PermissionCheck }[] = [];
  const send = (to: string, payload: string) =>
    void sent.push({ to, payload: JSON.parse(payload), at: clock.now() });
  const bus = new DefaultBus({
    stack: stackOf(resources),
    clock,
    invokeAsync: send,
    startExecution: send,
    authorize: (role, asked) => void checks.push(...asked.map((check) => ({ role, check }))),
    ...options,
  });
  return { bus, clock, sent, checks };
}

const push = { source: 'aws.ecr', 'detail-type': 'ECR Image Action', detail: { 'image-tag': 'v1' } };

describe('the default bus', () => {
  it('starts the state machine of a rule that matches, with the whole event', async () => {
    const { bus, sent } = busWith([rule({ Targets: [toMachine] })]);
    bus.publish(push);
    bus.publish({ ...push, source: 'aws.other' });
    await bus.idle();
    expect(sent).toMatchObject([
      { to: machineArn, payload: { ...push, version: '0', account, region, resources: [] } },
    ]);
    expect(sent[0]!.payload).toMatchObject({
      time: '2026-01-01T00:00:00Z',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('keeps the id and time that an event brings', async () => {
    const { bus, sent } = busWith([rule({ Targets: [toMachine] })]);
    bus.publish({ ...push, id: 'one', time: '2020-02-02T02:02:02Z', resources: ['r'] });
    await bus.idle();
    expect(sent[0]!.payload).toMatchObject({ id: 'one', time: '2020-02-02T02:02:02Z', resources: ['r'] });
  });

  it('asks whether the role of the target may start the state machine', async () => {
    const { bus, checks } = busWith([rule({ Targets: [toMachine] })]);
    bus.publish(push);
    await bus.idle();
    expect(checks).toEqual([
      { role: toMachine.RoleArn, check: { action: 'states:StartExecution', resource: machineArn } },
    ]);
  });

  it('ignores a disabled rule', async () => {
    const { bus, sent } = busWith([rule({ State: 'DISABLED', Targets: [toMachine] })]);
    bus.publish(push);
    await bus.idle();
    expect(sent).toEqual([]);
  });

  it.each([
    [{ Input: '{"x":1}' }, { x: 1 }],
    [{ InputPath: '$.detail' }, { 'image-tag': 'v1' }],
  ])('sends what %j says', async (input, payload) => {
    const { bus, sent } = busWith([rule({ Targets: [{ ...toMachine, ...input }] })]);
    bus.publish(push);
    await bus.idle();
    expect(sent[0]!.payload).toEqual(payload);
  });

  it.each([
    ['by its ARN', permission()],
    ['by its name', permission({ FunctionName: 'judge', SourceArn: undefined })],
  ])('invokes a function that permits the rule %s', async (_how, allowed) => {
    const { bus, sent } = busWith([rule({ Targets: [toFunction] }), allowed]);
    bus.publish(push);
    await bus.idle();
    expect(sent).toMatchObject([{ to: functionArn('judge') }]);
  });

  it.each([
    ['no permission', undefined],
    ['another rule', permission({ SourceArn: `${ruleArn}2` })],
    ['another function', permission({ FunctionName: functionArn('other') })],
    ['another service', permission({ Principal: 'sns.amazonaws.com' })],
    ['another action', permission({ Action: 'lambda:GetFunction' })],
    ['another account', permission({ SourceAccount: '1' })],
  ])('puts the event into the dead-letter queue at once when there is %s', async (_what, given) => {
    const target = { ...toFunction, DeadLetterConfig: { Arn: queueArn } };
    const { bus, sent } = busWith([rule({ Targets: [target] }), queuePolicy(), ...(given ? [given] : [])]);
    bus.publish(push);
    await bus.idle();
    expect(sent).toEqual([]);
    expect(bus.deadLetters(queueArn)).toMatchObject([
      { errorCode: 'AccessDeniedException', attempts: 1, event: push },
    ]);
  });
});

describe('a target that does not accept', () => {
  const failing = (error: AwsError, times: number) => {
    let left = times;
    return () => {
      if ((left -= 1) >= 0) throw error;
    };
  };
  const throttled = new AwsError('ThrottlingException', 'slow down');

  it('is tried again after a growing while', async () => {
    const { bus, clock } = busWith([rule({ Targets: [toMachine] })], {
      startExecution: failing(throttled, 2),
    });
    bus.publish(push);
    await clock.advance(2999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(clock.pending).toBe(0);
    expect(bus.failedDeliveries).toEqual([]);
  });

  it.each([
    [{ MaximumRetryAttempts: 2 }, 3],
    [{ MaximumEventAgeInSeconds: 60 }, 6],
    [{ MaximumRetryAttempts: 0 }, 1],
  ])('is given up by %j after %i attempts', async (RetryPolicy, attempts) => {
    const target = { ...toMachine, RetryPolicy, DeadLetterConfig: { Arn: queueArn } };
    const { bus, clock } = busWith([rule({ Targets: [target] }), queuePolicy()], {
      startExecution: failing(throttled, 1000),
    });
    bus.publish(push);
    await clock.advance(100_000);
    expect(bus.deadLetters(queueArn)).toMatchObject([{ attempts, errorCode: 'ThrottlingException' }]);
  });

  it.each([
    ['no policy', []],
    ['a policy for another rule', [queuePolicy({ ArnEquals: { 'aws:SourceArn': `${ruleArn}2` } })]],
  ])('is lost when its dead-letter queue has %s', async (_what, policies) => {
    const target = { ...toMachine, DeadLetterConfig: { Arn: queueArn } };
    const missing = new AwsError('StateMachineDoesNotExist', 'gone');
    const resources = [rule({ Targets: [target] }), ...policies];
    const { bus } = busWith(resources, { startExecution: failing(missing, 1) });
    bus.publish(push);
    await bus.idle();
    expect(bus.deadLetters(queueArn)).toEqual([]);
    expect(bus.failedDeliveries).toMatchObject([{ errorMessage: expect.stringContaining('lets no') }]);
  });

  it('is lost without a dead-letter queue, and known to be', async () => {
    const missing = new AwsError('StateMachineDoesNotExist', 'gone');
    const { bus } = busWith([rule({ Targets: [toMachine] })], { startExecution: failing(missing, 1) });
    bus.publish(push);
    await bus.idle();
    expect(bus.failedDeliveries).toMatchObject([{ rule: 'push', errorCode: 'StateMachineDoesNotExist' }]);
    expect(bus.failedDeliveries[0]!.queueArn).toBeUndefined();
  });
});

it('a closed bus delivers nothing', async () => {
  const { bus, sent } = busWith([rule({ Targets: [toMachine] })]);
  bus.close();
  bus.publish(push);
  await bus.idle();
  expect(sent).toEqual([]);
});

describe('a fault', () => {
  const faulty = (fault: ReturnType<NonNullable<DefaultBusOptions['fault']>>) =>
    busWith([rule({ Targets: [toMachine] })], { fault: () => fault });

  it('drops an event', async () => {
    const { bus, sent } = faulty({ drop: true });
    bus.publish(push);
    await bus.idle();
    expect(sent).toEqual([]);
  });

  it('delivers an event twice, with the same id', async () => {
    const { bus, sent } = faulty({ copies: 2 });
    bus.publish(push);
    await bus.idle();
    expect(sent).toHaveLength(2);
    expect(sent[0]!.payload.id).toBe(sent[1]!.payload.id);
  });

  it('delays an event, so that a later one comes first', async () => {
    const faults = [{ delayMilliseconds: 5000 }, undefined];
    const { bus, clock, sent } = busWith([rule({ Targets: [toMachine] })], { fault: () => faults.shift() });
    bus.publish({ ...push, id: 'first' });
    bus.publish({ ...push, id: 'second' });
    await clock.advance(5000);
    expect(sent.map(({ payload }) => payload.id)).toEqual(['second', 'first']);
  });
});

describe('a schedule', () => {
  const scheduled = (expression: string) =>
    busWith([rule({ EventPattern: undefined, ScheduleExpression: expression, Targets: [toMachine] })]);

  it.each([
    ['rate(1 minute)', 60],
    ['rate(5 minutes)', 300],
    ['rate(2 hours)', 7200],
    ['rate(1 day)', 86_400],
  ])('of %s sends an event when %i seconds have passed, and again', async (expression, seconds) => {
    const { bus, clock, sent } = scheduled(expression);
    const begin = clock.now();
    bus.start();
    await clock.advance(seconds * 2000);
    expect(sent.map(({ at }) => (at - begin) / 1000)).toEqual([seconds, 2 * seconds]);
    expect(sent[0]!.payload).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: [ruleArn],
    });
  });

  it('ends when the bus is closed', async () => {
    const { bus, clock } = scheduled('rate(1 minute)');
    bus.start();
    bus.close();
    expect(clock.pending).toBe(0);
  });

  it('does not begin by itself', async () => {
    const { clock, sent } = scheduled('rate(1 minute)');
    await clock.advance(600_000);
    await settle();
    expect(sent).toEqual([]);
  });
});

describe('loading', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ EventBusName: 'own' }, 'the default bus only'],
    [{ EventPattern: undefined }, 'an EventPattern or a ScheduleExpression'],
    [
      { EventPattern: undefined, ScheduleExpression: 'cron(0 0 * * ? *)' },
      'cron(0 0 * * ? *) is not supported',
    ],
    [{ Colour: 1 }, 'Push (AWS::Events::Rule): the rehearsal does not know Colour'],
    [
      { Targets: [{ ...toMachine, InputTransformer: {} }] },
      'Push.Targets: the rehearsal does not know InputTransformer',
    ],
    [{ Targets: [{ ...toMachine, Arn: queueArn }] }, `cannot send events to ${queueArn}`],
    [{ Targets: [{ ...toMachine, InputPath: '$..x' }] }, '$..x'],
    [{ EventPattern: { source: [{ cidr: 'x' }] } }, 'Push.EventPattern.source.cidr is not supported'],
  ])('refuses %j', (properties, message) => {
    expect(() => busWith([rule(properties)])).toThrow(message);
  });
});
