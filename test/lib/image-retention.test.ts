import { describe, expect, test } from 'vitest';
import { configWith, everything, synthesize } from './synthesize.ts';
import { actionsOf, render, resourceNamed, resourcesOf, statementsOf } from './template-parts.ts';

const retention = { releases: 5, days: 7 };
const [first, imported, other] = everything.apps;
const template = synthesize({
  ...everything,
  apps: [
    { ...first!, repository: { name: 'web-2', retention } },
    { ...imported!, repository: { name: 'team/web2', source: 'import', retention: {} } },
    other!,
  ],
});
const statements = statementsOf(template, 'RetentionExpireImagesRole');
const statementFor = (action: string) =>
  statements.find((statement) => [statement.Action].flat().includes(action))!;

describe('images expire', () => {
  test('nowhere unless an app asks for it: there is nothing of it in the template', () => {
    const without = synthesize();
    expect(Object.keys(resourcesOf(without)).filter((id) => /retention|expir/i.test(id))).toEqual([]);
    expect(Object.keys(resourcesOf(without, 'AWS::CloudWatch::Alarm'))).toHaveLength(5);
  });

  test('once a day, and a failed run is not made up for', () => {
    const { ScheduleExpression, Targets } = resourceNamed(
      template,
      'AWS::Events::Rule',
      'RetentionRule',
    ).Properties;
    expect(ScheduleExpression).toBe('rate(1 day)');
    expect(Targets).toMatchObject([{ RetryPolicy: { MaximumRetryAttempts: 0 } }]);
    const asynchronous = resourceNamed(template, 'AWS::Lambda::EventInvokeConfig', 'RetentionExpireImages');
    expect(asynchronous.Properties).toMatchObject({ MaximumRetryAttempts: 0 });
    const permission = resourceNamed(template, 'AWS::Lambda::Permission', 'RetentionRule').Properties;
    expect(permission).toMatchObject({ Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com' });
  });

  test('by a function that may delete from the repositories that ask for it, and may only read the ledger', () => {
    expect(actionsOf(statements)).toEqual([
      'dynamodb:GetItem',
      'dynamodb:Query',
      'ec2:DescribeInstances',
      'ecr:BatchDeleteImage',
      'ecr:BatchGetImage',
      'ecr:DescribeImages',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
    const repositories = [statementFor('ecr:BatchDeleteImage').Resource].flat().map(render);
    expect(repositories).toHaveLength(2);
    expect(repositories[0]).toMatch(/^<Appweb2Repository\w+\.Arn>$/);
    expect(repositories[1]).toMatch(/:repository\/team\/web2$/);
    expect(render(statementFor('dynamodb:Query').Resource)).toMatch(/^<LedgerTable\w+\.Arn>$/);
  });

  test('and an alarm says when they could not', () => {
    const { Dimensions } = resourceNamed(
      template,
      'AWS::CloudWatch::Alarm',
      'AlarmsExpiryFailing',
    ).Properties;
    expect(JSON.stringify(Dimensions)).toContain('RetentionExpireImages');
  });

  test('from an imported repository too, with all that retention leaves out', () => {
    const app = configWith({ repository: { name: 'acme/web', source: 'import', retention: {} } });
    expect(resourcesOf(synthesize(app), 'AWS::ECR::Repository')).toEqual({});
    resourceNamed(synthesize(app), 'AWS::Lambda::Function', 'RetentionExpireImages');
  });
});
