import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { installDocker } from '../../contracts/phases/install-docker.ts';
import { configWith, everything, makeStack, synthesize } from './synthesize.ts';
import { resourceNamed, resourcesOf } from './template-parts.ts';

describe('the ledger', () => {
  const table = resourceNamed(synthesize(), 'AWS::DynamoDB::Table', 'Ledger');

  test('is keyed by pk and sk, and indexes what is open by its age', () => {
    expect(table.Properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'open-index',
          KeySchema: [
            { AttributeName: 'open', KeyType: 'HASH' },
            { AttributeName: 'since', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    });
    expect(table.Properties.AttributeDefinitions).toContainEqual({
      AttributeName: 'since',
      AttributeType: 'N',
    });
  });

  test('is paid by use, encrypted, can be restored to any second, and outlives the stack', () => {
    expect(table.Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
    expect(table).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  });
});

describe('an app’s repository', () => {
  test('is made: scanned, kept with the stack gone, and expiring nothing that a host may run', () => {
    const repository = resourceNamed(synthesize(), 'AWS::ECR::Repository', 'Appweb');
    expect(repository.Properties).toEqual({
      RepositoryName: 'acme/web',
      ImageScanningConfiguration: { ScanOnPush: true },
      ImageTagMutability: 'MUTABLE',
    });
    expect(repository).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
  });

  test('is left alone when it is imported', () => {
    const template = synthesize(configWith({ repository: { name: 'acme/web', source: 'import' } }));
    expect(resourcesOf(template, 'AWS::ECR::Repository')).toEqual({});
  });
});

describe('the stack’s parameters', () => {
  const { Parameters } = synthesize().toJSON() as { Parameters: Record<string, Record<string, string>> };

  test.each([
    ['DockerRepositoryUrl', 'https://download.docker.com', 'dockerRepositoryUrl'],
    ['DockerDebKeyFingerprint', '9DC858229FC7DD38854AE2D88D81803C0EBFCD88', 'debKeyFingerprint'],
    ['DockerRpmKeyFingerprint', '060A61C51B558A7F742B77AAC52FEB6B621E9F35', 'rpmKeyFingerprint'],
  ])('%s is Docker’s own unless said, and checked as the phase checks it', (name, value, inPhase) => {
    expect(Parameters[name]).toMatchObject({
      Type: 'String',
      Default: value,
      AllowedPattern: installDocker.parameters[inPhase]!.pattern,
    });
    expect(value).toMatch(new RegExp(Parameters[name]!.AllowedPattern!));
  });
});

test('fifty apps fit into one stack', () => {
  const apps = Array.from({ length: 50 }, (_, index) => ({
    ...configWith().apps[0]!,
    name: `app-${index}`,
    repository: { name: `app-${index}` },
    github: [{ repository: `acme@12345678/app-${index}@123456789` }],
    slotPorts: { blue: 9000 + 2 * index, green: 9001 + 2 * index },
    serverNames: [`app${index}.example.com`],
  }));
  const stack = makeStack({ ...configWith(), apps });
  const template = Template.fromStack(stack);
  expect(Object.keys(resourcesOf(template)).length).toBeLessThan(500);
  expect(Object.keys(template.toJSON().Outputs as object).length).toBeLessThan(200);
  const { directory } = (stack.node.root as App).synth();
  expect(statSync(join(directory, stack.templateFile)).size).toBeLessThan(1_000_000);
  const queuePolicy = resourceNamed(template, 'AWS::SQS::QueuePolicy', 'Pushes').Properties.PolicyDocument;
  expect((queuePolicy as { Statement: unknown[] }).Statement.length).toBeLessThanOrEqual(20);
});

test('alarms hear a lost push, a failed deployment, a failing sweep or check, and what the check finds, and say what to do', () => {
  const alarms = Object.values(resourcesOf(synthesize(), 'AWS::CloudWatch::Alarm')).map(
    ({ Properties }) => Properties,
  );
  expect(alarms.map(({ MetricName }) => MetricName)).toEqual([
    'ApproximateNumberOfMessagesVisible',
    'ExecutionsFailed',
    'Errors',
    'Errors',
    'Findings',
  ]);
  for (const { AlarmDescription } of alarms) expect(AlarmDescription).toMatch(/\. |: /);
});

test('the example configuration is a whole stack', async () => {
  const { default: config } = await import('../../edgepaas.config.ts');
  const template = synthesize(config);
  expect(Object.keys(resourcesOf(template, 'AWS::EC2::Instance'))).toHaveLength(1);
  expect(readFileSync('edgepaas.config.ts', 'utf8')).toContain('starterHost');
});

// CloudFormation executes other characters and reads them back as question marks: each `cdk diff` would find a change.
test('the template is plain ASCII', () => {
  expect(JSON.stringify(synthesize(everything).toJSON()).match(/[^ -~]+/g)).toBeNull();
});
