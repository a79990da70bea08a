import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { parameterPathOf } from '../contracts/parameters.ts';
import { acknowledge, anyResource } from './acknowledge.ts';

export interface HostPolicyProps {
  readonly group: string;
  /** Names of the group's apps, with their repositories. */
  readonly apps: readonly HostedApp[];
}

export interface HostedApp {
  readonly name: string;
  readonly repository: IRepository;
}

/** As many as fit into the 6,144 characters of a managed policy when every name is as long as it may be. */
const appsInOnePolicy = 10;

/**
 * All that a host of a group may do: run the agent, pull its apps' images, read its apps' parameters. The starter host has it;
 * hosts that people bring get it attached to their role. One policy, and another for each ten apps more.
 */
export class HostPolicy extends Construct {
  readonly policies: readonly ManagedPolicy[];

  constructor(scope: Construct, id: string, { group, apps }: HostPolicyProps) {
    super(scope, id);
    const first = this.policy(group, 1, [
      runAgent(),
      login(),
      ...useApps(Stack.of(this), apps.slice(0, appsInOnePolicy)),
    ]);
    acknowledge(first, 'The agent’s actions and GetAuthorizationToken know no resource', anyResource);
    const policies = [first];
    for (let from = appsInOnePolicy; from < apps.length; from += appsInOnePolicy) {
      const more = useApps(Stack.of(this), apps.slice(from, from + appsInOnePolicy));
      policies.push(this.policy(group, policies.length + 1, more));
    }
    for (const { name } of apps)
      acknowledge(this, `Everything below ${name}’s own path`, parametersFinding(name));
    this.policies = policies;
  }

  private policy(group: string, number: number, statements: PolicyStatement[]): ManagedPolicy {
    const policy = new ManagedPolicy(this, `Policy${number}`, {
      description: `EdgePaaS hosts of group ${group}`,
      statements,
    });
    new CfnOutput(this, `Arn${number}`, {
      value: policy.managedPolicyArn,
      description: `Attach it to the role of every host of ${group} that you bring`,
    });
    return policy;
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

function login(): PolicyStatement {
  return new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] });
}

function useApps(stack: Stack, apps: readonly HostedApp[]): PolicyStatement[] {
  if (apps.length === 0) return [];
  return [
    new PolicyStatement({
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      resources: apps.map(({ repository }) => repository.repositoryArn),
    }),
    new PolicyStatement({
      actions: ['ssm:GetParametersByPath'],
      resources: apps.flatMap(({ name }) => parameterArns(stack, name)),
    }),
  ];
}

/** The path itself, for which GetParametersByPath is asked, and what is below it. */
function parameterArns(stack: Stack, app: string): string[] {
  const path = parameterPathOf(app).slice(1);
  return [path, `${path}/*`].map((resourceName) =>
    stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName }),
  );
}

const parametersFinding = (app: string) =>
  `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter${parameterPathOf(app)}/*]`;
