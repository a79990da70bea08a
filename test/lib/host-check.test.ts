import { describe, expect, test } from 'vitest';
import { synthesize } from './synthesize.ts';
import { actionsOf, resourceNamed, resourcesOf, statementsOf } from './template-parts.ts';

const template = synthesize();
const statements = statementsOf(template, 'HostCheckCheckHostsRole');
const statementsFor = (action: string) =>
  statements.filter((statement) => [statement.Action].flat().includes(action));

describe('the check of the hosts', () => {
  test('is made each minute, and a failed one is not made up for', () => {
    const { ScheduleExpression, Targets } = resourceNamed(
      template,
      'AWS::Events::Rule',
      'HostCheckRule',
    ).Properties;
    expect(ScheduleExpression).toBe('rate(1 minute)');
    expect(Targets).toMatchObject([{ RetryPolicy: { MaximumRetryAttempts: 0 } }]);
    const configs = Object.entries(resourcesOf(template, 'AWS::Lambda::EventInvokeConfig'));
    const [, own] = configs.find(([id]) => id.startsWith('HostCheck'))!;
    expect(own.Properties.MaximumRetryAttempts).toBe(0);
  });

  test('may look, send the one document that changes nothing, and start an execution', () => {
    const own = actionsOf(statements).filter((action) => !/^(logs|xray):/.test(action));
    expect(own).toEqual([
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'ec2:DescribeInstances',
      'ssm:DescribeInstanceInformation',
      'ssm:ListCommandInvocations',
      'ssm:SendCommand',
      'ssm:SendCommand',
      'states:StartExecution',
    ]);
    const [document, instances] = statementsFor('ssm:SendCommand');
    expect(JSON.stringify(document!.Resource)).toMatch(/PhasesInspectDocument/);
    expect(JSON.stringify(document!.Resource).match(/Phases\w+Document/g)).toHaveLength(1);
    expect(instances!.Condition).toEqual({ StringEquals: { 'ssm:resourceTag/fleet': ['blue'] } });
    expect(JSON.stringify(statementsFor('states:StartExecution')[0]!.Resource)).toMatch(/DeployStateMachine/);
  });
});
