import { Runtime, RuntimeFamily } from 'aws-cdk-lib/aws-lambda';
import { describe, expect, test } from 'vitest';
import { phaseNames } from '../../contracts/phase-name.ts';
import { deployHandlers, pascalCase, type DeployHandlerName } from '../../lib/handler-name.ts';
import { everything, synthesize } from './synthesize.ts';
import {
  actionsOf,
  render,
  resourceNamed,
  resourcesOf,
  statementsOf,
  type Statement,
} from './template-parts.ts';

const template = synthesize();
const functionOf = (name: DeployHandlerName) =>
  resourceNamed(template, 'AWS::Lambda::Function', `Functions${pascalCase(name)}Function`);
const statementsFor = (name: DeployHandlerName, from = template) =>
  statementsOf(from, `Functions${pascalCase(name)}Role`);

const logs = [
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

/** All that each function may do, besides writing its logs and traces. */
const allowed: Record<DeployHandlerName, string[]> = {
  'accept-request': [],
  'acquire-lease': ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'states:DescribeExecution'],
  'resolve-image': ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
  'find-hosts': [
    'dynamodb:PutItem',
    'ec2:AttachVolume',
    'ec2:AttachVolume',
    'ec2:DescribeInstances',
    'ec2:DescribeVolumes',
    'ssm:DescribeDocument',
    'ssm:DescribeInstanceInformation',
  ],
  'run-phase': [
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'ssm:SendCommand',
    'ssm:SendCommand',
    'states:SendTaskFailure',
    'states:SendTaskSuccess',
  ],
  'commit-release': ['dynamodb:GetItem', 'dynamodb:PutItem'],
  'close-deployment': ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
  'judge-phase': [
    'dynamodb:GetItem',
    'dynamodb:Query',
    'dynamodb:UpdateItem',
    'ssm:ListCommandInvocations',
    'ssm:ListCommands',
    'states:SendTaskFailure',
    'states:SendTaskSuccess',
  ],
  sweep: [
    'dynamodb:GetItem',
    'dynamodb:Query',
    'dynamodb:UpdateItem',
    'ssm:ListCommandInvocations',
    'ssm:ListCommands',
    'states:DescribeExecution',
    'states:SendTaskFailure',
    'states:SendTaskSuccess',
    'states:StartExecution',
  ],
  'close-execution': ['dynamodb:GetItem', 'dynamodb:Query', 'states:StartExecution'],
};

const withAction = (statements: Statement[], action: string) =>
  statements.filter((statement) => [statement.Action].flat().includes(action));

describe.each(deployHandlers)('%s', (name) => {
  test('may do what it needs and nothing more', () => {
    expect(actionsOf(statementsFor(name))).toEqual([...allowed[name], ...logs].sort());
  });

  test('runs on the newest Node.js that the library names, on ARM, traced, with a log group that expires', () => {
    const { Properties } = functionOf(name);
    const newest = Runtime.ALL.filter(
      ({ family, isVariable }) => family === RuntimeFamily.NODEJS && !isVariable,
    )
      .map((runtime) => Number(/\d+/.exec(runtime.name)?.[0] ?? 0))
      .sort((one, other) => one - other)
      .at(-1);
    expect(Properties).toMatchObject({
      Runtime: `nodejs${newest}.x`,
      Architectures: ['arm64'],
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
    });
    const { LogGroup } = Properties.LoggingConfig as { LogGroup: { Ref: string } };
    expect(resourcesOf(template, 'AWS::Logs::LogGroup')[LogGroup.Ref]!.Properties.RetentionInDays).toBe(90);
  });

  test('gives up before its state in the graph does', () => {
    expect(functionOf(name).Properties.Timeout).toBeLessThan(60);
  });
});

describe('what functions may touch', () => {
  test('run-phase sends only our documents, and only to instances with the tag of a host group', () => {
    const [documents, instances] = withAction(statementsFor('run-phase'), 'ssm:SendCommand');
    expect((documents!.Resource as unknown[]).map(render)).toHaveLength(phaseNames.length);
    for (const arn of (documents!.Resource as unknown[]).map(render))
      expect(arn).toMatch(/^arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:document\/<Phases\w+>$/);
    expect(documents!.Condition).toBeUndefined();
    expect(render(instances!.Resource)).toBe(
      'arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*',
    );
    expect(instances!.Condition).toEqual({ StringEquals: { 'ssm:resourceTag/fleet': ['blue'] } });
  });

  test('each tag key of the host groups is a statement of its own, since conditions on two keys are both required', () => {
    const sends = withAction(statementsFor('run-phase', synthesize(everything)), 'ssm:SendCommand');
    expect(sends.slice(1).map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'ssm:resourceTag/fleet': ['ubuntu'] } },
      { StringEquals: { 'ssm:resourceTag/Name': ['amazon'] } },
    ]);
  });

  test('find-hosts attaches only volumes with the tag of a group, to hosts with the tag of a group', () => {
    const attach = withAction(statementsFor('find-hosts'), 'ec2:AttachVolume');
    expect(attach.map(({ Resource, Condition }) => [render(Resource).split(':').at(-1), Condition])).toEqual([
      ['volume/*', { StringEquals: { 'aws:ResourceTag/docker': ['yes'] } }],
      ['instance/*', { StringEquals: { 'aws:ResourceTag/fleet': ['blue'] } }],
    ]);
  });

  test('resolve-image reads the repositories of the apps only', () => {
    const [read] = withAction(statementsFor('resolve-image'), 'ecr:BatchGetImage');
    expect(render(read!.Resource)).toMatch(/^<AppwebRepository\w+\.Arn>$/);
  });

  test.each(deployHandlers)('%s reaches no resource "*" but for lists and traces', (name) => {
    const open = statementsFor(name).filter(({ Resource }) => Resource === '*');
    expect(actionsOf(open).filter((action) => !/:(List|Describe)|^xray:/.test(action))).toEqual([]);
  });

  test('no wildcard stands in any action', () => {
    const every = deployHandlers.flatMap((name) => actionsOf(statementsFor(name)));
    expect(every.filter((action) => action.includes('*'))).toEqual([]);
  });
});

describe('the environment', () => {
  const environmentOf = (name: DeployHandlerName) =>
    (functionOf(name).Properties.Environment as { Variables: Record<string, unknown> } | undefined)
      ?.Variables ?? {};

  test('find-hosts knows a document for each phase, and where Docker comes from by the stack’s parameters', () => {
    const { DOCUMENT_NAMES, ...rest } = environmentOf('find-hosts');
    const names = JSON.parse(render(DOCUMENT_NAMES)) as Record<string, string>;
    expect(Object.keys(names)).toHaveLength(phaseNames.length);
    expect(names['switch-traffic']).toMatch(/^<PhasesSwitchTraffic\w+>$/);
    expect(rest).toEqual({
      AWS_MAX_ATTEMPTS: '6',
      LEDGER_TABLE: { Ref: expect.stringMatching(/^LedgerTable/) },
      DOCKER_REPOSITORY_URL: { Ref: 'DockerRepositoryUrl' },
      DOCKER_DEB_KEY_FINGERPRINT: { Ref: 'DockerDebKeyFingerprint' },
      DOCKER_RPM_KEY_FINGERPRINT: { Ref: 'DockerRpmKeyFingerprint' },
    });
  });

  test('resolve-image knows the account’s registry', () => {
    expect(render(environmentOf('resolve-image').REGISTRY)).toBe(
      '<AWS::AccountId>.dkr.ecr.<AWS::Region>.<AWS::URLSuffix>',
    );
  });

  test.each(['sweep', 'close-execution'] as const)('%s knows the state machine that it starts', (name) => {
    expect(environmentOf(name).STATE_MACHINE_ARN).toEqual({
      Ref: expect.stringMatching(/^DeployStateMachine/),
    });
  });
});
