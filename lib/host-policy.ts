import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { parameterPathOf } from '../contracts/phases/resolve-env.ts';
import { acknowledge, anyResource } from './acknowledge.ts';

export interface HostPolicyProps {
  readonly group: string;
  readonly appNames: readonly string[];
  readonly repositories: readonly IRepository[];
}

/**
 * All that a host of a group may do: run the agent, pull its apps' images, read its apps' parameters. The starter host has it;
 * hosts that people bring get it attached to their role.
 */
export class HostPolicy extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { group, appNames, repositories }: HostPolicyProps) {
    super(scope, id);
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: `EdgePaaS hosts of group ${group}`,
      statements: [runAgent(), ...pullImages(repositories), ...readParameters(Stack.of(this), appNames)],
    });
    new CfnOutput(this, 'Arn', {
      value: this.policy.managedPolicyArn,
      description: `Attach it to the role of every host of ${group} that you bring`,
    });
    acknowledge(this.policy, 'The agent’s actions and GetAuthorizationToken know no resource', anyResource);
    for (const app of appNames)
      acknowledge(
        this.policy,
        `Everything below ${app}’s own path, and nothing else`,
        parametersFinding(app),
      );
  }
}

/** Neither a data channel (no shell for people) nor GetParameter on everything. Source: AmazonSSMManagedInstanceCore, cut down. */
function runAgent(): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ssm:UpdateInstanceInformation',
      'ssm:ListInstanceAssociations',
      'ssmmessages:CreateControlChannel',
      'ssmmessages:OpenControlChannel',
      'ec2messages:AcknowledgeMessage',
      'ec2messages:DeleteMessage',
      'ec2messages:FailMessage',
      'ec2messages:GetEndpoint',
      'ec2messages:GetMessages',
      'ec2messages:SendReply',
    ],
    resources: ['*'],
  });
}

function pullImages(repositories: readonly IRepository[]): PolicyStatement[] {
  const actions = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'];
  const login = new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] });
  if (repositories.length === 0) return [login];
  return [
    login,
    new PolicyStatement({ actions, resources: repositories.map(({ repositoryArn }) => repositoryArn) }),
  ];
}

/** The path itself and what is below it: GetParametersByPath is asked for the path. */
function readParameters(stack: Stack, appNames: readonly string[]): PolicyStatement[] {
  const resources = appNames.flatMap((app) => {
    const resourceName = parameterPathOf(app).slice(1);
    return [resourceName, `${resourceName}/*`].map((name) =>
      stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: name }),
    );
  });
  return resources.length ? [new PolicyStatement({ actions: ['ssm:GetParametersByPath'], resources })] : [];
}

const parametersFinding = (app: string) =>
  `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter${parameterPathOf(app)}/*]`;
