import { CfnOutput } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IStringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { acknowledge, anyResource } from './acknowledge.ts';
import type { DeployLedger } from './deploy-ledger.ts';

export interface PushPolicyProps {
  readonly app: string;
  readonly repository: IRepository;
  readonly settings: IStringParameter;
  readonly ledger: DeployLedger;
}

/** All that a push of one app needs: its repository, its settings, and the outcomes of its own deployments. */
export class PushPolicy extends Construct {
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, id: string, { app, repository, settings, ledger }: PushPolicyProps) {
    super(scope, id);
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: `EdgePaaS pushes of ${app}`,
      statements: [login(), push(repository), readSettings(settings), readOutcomes(ledger, app)],
    });
    acknowledge(this.policy, 'GetAuthorizationToken knows no resource', anyResource);
    new CfnOutput(this, 'Arn', {
      value: this.policy.managedPolicyArn,
      description: `Attach it to whatever pushes ${app}'s image without GitHub`,
    });
  }
}

function login(): PolicyStatement {
  return new PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] });
}

/** Neither deletes nor configures; reading is for the cache, and for what a tag means now. */
function push({ repositoryArn }: IRepository): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:CompleteLayerUpload',
      'ecr:DescribeImages',
      'ecr:GetDownloadUrlForLayer',
      'ecr:InitiateLayerUpload',
      'ecr:PutImage',
      'ecr:UploadLayerPart',
    ],
    resources: [repositoryArn],
  });
}

function readSettings({ parameterArn }: IStringParameter): PolicyStatement {
  return new PolicyStatement({ actions: ['ssm:GetParameter'], resources: [parameterArn] });
}

/**
 * Of the ledger's partitions this app's alone, and of its indexes none. Both actions always name a partition: for one that does
 * not, such as Scan, ForAllValues would hold with nothing to compare.
 */
function readOutcomes({ table }: DeployLedger, app: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['dynamodb:GetItem', 'dynamodb:Query'],
    resources: [table.tableArn],
    conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`app#${app}`] } },
  });
}
