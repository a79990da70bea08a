import { Aws, type Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { HostGroupConfig } from '../contracts/config.ts';
import type { DeployLedger } from './deploy-ledger.ts';

type Tag = HostGroupConfig['tag'];
type LedgerAction = 'GetItem' | 'PutItem' | 'UpdateItem' | 'Query';

export function useLedger(ledger: DeployLedger, ...actions: readonly LedgerAction[]): PolicyStatement {
  return new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [ledger.table.tableArn],
  });
}

/** What is open, by the index alone. */
export function queryOpen(ledger: DeployLedger): PolicyStatement {
  return new PolicyStatement({ actions: ['dynamodb:Query'], resources: [ledger.indexArn] });
}

/** An image's manifests and configuration, not its layers' content for running it. */
export function readImages(repositories: readonly IRepository[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    resources: repositories.map(({ repositoryArn }) => repositoryArn),
  });
}

/** Which images there are and what they refer to; and their deletion. */
export function expireRepositories(repositories: readonly IRepository[]): PolicyStatement {
  return new PolicyStatement({
    actions: ['ecr:DescribeImages', 'ecr:BatchGetImage', 'ecr:BatchDeleteImage'],
    resources: repositories.map(({ repositoryArn }) => repositoryArn),
  });
}

/** EC2 knows no resource for it. */
export const listInstances = () => anywhere('ec2:DescribeInstances');

/** What EC2 and SSM let nobody narrow to resources: reading lists. */
export function readHosts(): PolicyStatement {
  return anywhere('ec2:DescribeInstances', 'ec2:DescribeVolumes', 'ssm:DescribeInstanceInformation');
}

/** Which hosts there are, which of them take commands, and what came of a command: lists, too. */
export const watchHosts = () =>
  anywhere('ec2:DescribeInstances', 'ssm:DescribeInstanceInformation', 'ssm:ListCommandInvocations');

export function readDocuments(documentArns: string[]): PolicyStatement {
  return new PolicyStatement({ actions: ['ssm:DescribeDocument'], resources: documentArns });
}

export function readCommands(): PolicyStatement {
  return anywhere('ssm:ListCommandInvocations', 'ssm:ListCommands');
}

/** Nothing narrower tells of composite alarms. Source: CloudWatch API reference, DescribeAlarms. */
export const readAlarms = () => anywhere('cloudwatch:DescribeAlarms');

/** Volumes of a host group to hosts of one: both are known by their tags alone. */
export function attachVolumes(stack: Stack, groups: readonly HostGroupConfig[]): PolicyStatement[] {
  const volumes = groups.map(({ volume }) => volume.tag);
  const hosts = groups.map(({ tag }) => tag);
  return [
    ...tagged(stack, 'ec2:AttachVolume', 'volume', 'aws:ResourceTag', volumes),
    ...tagged(stack, 'ec2:AttachVolume', 'instance', 'aws:ResourceTag', hosts),
  ];
}

/** SendCommand is asked twice: for the document, where no condition may stand, and for each instance, by its tag. */
export function sendPhases(stack: Stack, documentArns: string[], tags: readonly Tag[]): PolicyStatement[] {
  return [
    new PolicyStatement({ actions: ['ssm:SendCommand'], resources: documentArns }),
    ...tagged(stack, 'ssm:SendCommand', 'instance', 'ssm:resourceTag', tags),
  ];
}

function anywhere(...actions: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources: ['*'] });
}

/** A statement a tag key: the values of one key are alternatives. */
function tagged(
  stack: Stack,
  action: string,
  resource: 'instance' | 'volume',
  condition: 'aws:ResourceTag' | 'ssm:resourceTag',
  tags: readonly Tag[],
): PolicyStatement[] {
  const arn = stack.formatArn({ service: 'ec2', resource, resourceName: '*' });
  return [...new Set(tags.map(({ key }) => key))].map((key) => {
    const values = new Set(tags.filter((tag) => tag.key === key).map(({ value }) => value));
    const conditions = { StringEquals: { [`${condition}/${key}`]: [...values] } };
    return new PolicyStatement({ actions: [action], resources: [arn], conditions });
  });
}

/** As cdk-nag names the finding on such a resource. */
export const anyOf = (resource: 'instance' | 'volume') =>
  `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:${resource}/*]`;

/** The account's ECR registry: a host name. */
export const registryName = () => `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}`;
