import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../rehearsal/aws/event-pattern.ts';
import { configWith, everything, synthesize } from './synthesize.ts';
import { actionsOf, render, resourceNamed, resourcesOf, statementsOf } from './template-parts.ts';

const template = synthesize();
const ruleOf = (prefix: string, from = template) =>
  resourceNamed(from, 'AWS::Events::Rule', prefix).Properties;
const targetOf = (prefix: string) => (ruleOf(prefix).Targets as Record<string, unknown>[])[0]!;
const tagsOf = (deployTags: string[]) => {
  const pattern = ruleOf('Pushes', synthesize(configWith({ deployTags }))).EventPattern as {
    detail: unknown;
  };
  return (pattern.detail as Record<string, unknown>)['image-tag'];
};

describe('a push', () => {
  test('starts a deployment when it is of the app’s repository, succeeded and has a tag', () => {
    expect(ruleOf('Pushes').EventPattern).toEqual({
      source: ['aws.ecr'],
      'detail-type': ['ECR Image Action'],
      detail: {
        'action-type': ['PUSH'],
        result: ['SUCCESS'],
        'repository-name': ['acme/web'],
        'image-tag': [{ 'anything-but': { prefix: 'sha256-' } }],
      },
    });
  });

  test.each([
    [['*'], [{ 'anything-but': { prefix: 'sha256-' } }]],
    [['v1', '*'], [{ 'anything-but': { prefix: 'sha256-' } }]],
    [['stable'], ['stable']],
    [
      ['v*', 'stable', '*-rc*'],
      [{ wildcard: 'v*' }, 'stable', { wildcard: '*-rc*' }],
    ],
  ])('of tags %j is matched by %j', (deployTags, pattern) => {
    expect(tagsOf(deployTags)).toEqual(pattern);
  });

  test('starts the state machine with the event as it came, tried again for two hours, then kept', () => {
    expect(targetOf('Pushes')).toEqual({
      Arn: { Ref: expect.stringMatching(/^DeployStateMachine/) },
      Id: 'Target0',
      RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^PushesRole/), 'Arn'] },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^PushesDeadLetters/), 'Arn'] } },
      RetryPolicy: { MaximumEventAgeInSeconds: 7200, MaximumRetryAttempts: 185 },
    });
  });

  test('EventBridge may start this state machine and nothing else', () => {
    const statements = statementsOf(template, 'PushesRole');
    expect(actionsOf(statements)).toEqual(['states:StartExecution']);
    expect(render(statements[0]!.Resource)).toMatch(/^<DeployStateMachine\w+>$/);
  });

  test('has a rule for each app', () => {
    const rules = Object.keys(resourcesOf(synthesize(everything), 'AWS::Events::Rule'));
    expect(rules.filter((id) => id.startsWith('Pushes'))).toHaveLength(3);
  });
});

describe('the rules against real events', () => {
  const eventOf = (name: string) =>
    JSON.parse(readFileSync(`test/fixtures/events/${name}.json`, 'utf8')) as object;
  /** The pattern with the names that the fixtures use for what CloudFormation would have named. */
  const patternOf = (prefix: string, names: Record<string, string>, from = template) =>
    JSON.parse(
      JSON.stringify(ruleOf(prefix, from).EventPattern).replace(/\{"Ref":"(\w+)"\}/g, (_, id: string) =>
        JSON.stringify(Object.entries(names).find(([start]) => id.startsWith(start))?.[1] ?? id),
      ),
    ) as object;
  const matches = (pattern: object, event: string) => compilePattern(pattern)(eventOf(event));

  test.each([
    ['ecr-push-tagged', true],
    ['ecr-push-multi-arch', true],
    ['ecr-push-untagged', false],
    ['ecr-push-multi-arch-child', false],
    ['ecr-push-signature', false],
    ['ecr-delete', false],
  ])('%s starts a deployment: %s', (event, starts) => {
    const pushes = synthesize(configWith({ repository: { name: 'team/web' } }));
    expect(matches(patternOf('Pushes', {}, pushes), event)).toBe(starts);
    expect(matches(patternOf('Pushes', {}), event)).toBe(false);
  });

  test.each([
    ['ssm-command-success', true],
    ['ssm-command-failed', true],
    ['ssm-command-timed-out', true],
    ['ssm-invocation-success', false],
  ])('%s wakes judge-phase: %s', (event, wakes) => {
    const { detail } = eventOf(event) as { detail: Record<string, string> };
    const pattern = patternOf('PhaseEvents', { PhasesStartCandidate: detail['document-name']! });
    expect(matches(pattern, event)).toBe(wakes);
  });

  test.each(['execution-aborted', 'execution-failed', 'execution-timed-out'])(
    '%s wakes close-execution',
    (event) => {
      const { detail } = eventOf(event) as { detail: Record<string, string> };
      expect(matches(patternOf('ExecutionEvents', { Deploy: detail.stateMachineArn! }), event)).toBe(true);
    },
  );
});

describe('the dead-letter queue', () => {
  const policy = resourceNamed(template, 'AWS::SQS::QueuePolicy', 'PushesDeadLetters').Properties;
  const { Statement } = policy.PolicyDocument as { Statement: Record<string, unknown>[] };

  test('is encrypted, keeps its events for two weeks and refuses plain HTTP', () => {
    const queue = resourceNamed(template, 'AWS::SQS::Queue', 'PushesDeadLetters').Properties;
    expect(queue).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
    expect(Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });

  test('takes events from rules of this account', () => {
    const allow = Statement.find(({ Effect }) => Effect === 'Allow')!;
    expect(allow).toMatchObject({
      Action: 'sqs:SendMessage',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
  });
});

test('the end of a command of ours wakes judge-phase, whatever that end is called', () => {
  const {
    source,
    'detail-type': type,
    detail,
  } = ruleOf('PhaseEvents').EventPattern as Record<string, unknown>;
  expect([source, type]).toEqual([['aws.ssm'], ['EC2 Command Status-change Notification']]);
  const { status, 'document-name': names } = detail as Record<string, { Ref: string }[]>;
  expect(status).toEqual([{ 'anything-but': ['Pending', 'InProgress', 'Delayed', 'Cancelling'] }]);
  const documents = Object.keys(resourcesOf(template, 'AWS::SSM::Document'));
  expect(names!.map(({ Ref }) => Ref).sort()).toEqual(documents.sort());
  expect(render(targetOf('PhaseEvents').Arn)).toMatch(/^<FunctionsJudgePhase\w+\.Arn>$/);
});

test('a pattern with twelve of the longest document names fits into EventBridge’s 2,048 characters', () => {
  const text = JSON.stringify(ruleOf('PhaseEvents').EventPattern).replace(
    /\{"Ref":"\w+"\}/g,
    `"${'x'.repeat(128)}"`,
  );
  expect(text.length).toBeLessThan(2048);
});

test('an execution of this machine that did not succeed wakes close-execution', () => {
  expect(ruleOf('ExecutionEvents').EventPattern).toEqual({
    source: ['aws.states'],
    'detail-type': ['Step Functions Execution Status Change'],
    detail: {
      stateMachineArn: [{ Ref: expect.stringMatching(/^DeployStateMachine/) }],
      status: ['ABORTED', 'TIMED_OUT', 'FAILED'],
    },
  });
  expect(render(targetOf('ExecutionEvents').Arn)).toMatch(/^<FunctionsCloseExecution\w+\.Arn>$/);
});

test('the sweep runs each minute, and a missed one is not made up for', () => {
  expect(ruleOf('SweepRule').ScheduleExpression).toBe('rate(1 minute)');
  expect(targetOf('SweepRule').RetryPolicy).toEqual({ MaximumRetryAttempts: 0 });
});

test.each(['PhaseEvents', 'ExecutionEvents', 'SweepRule'])(
  '%s is allowed to invoke its function',
  (prefix) => {
    const { Principal, Action, SourceArn } = resourceNamed(
      template,
      'AWS::Lambda::Permission',
      prefix,
    ).Properties;
    expect([Principal, Action]).toEqual(['events.amazonaws.com', 'lambda:InvokeFunction']);
    expect(render(SourceArn)).toMatch(new RegExp(`^<${prefix}\\w*\\.Arn>$`));
  },
);
