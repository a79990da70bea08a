import { Duration } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge, anyResource } from './acknowledge.ts';
import type { DeployLedger } from './deploy-ledger.ts';
import { HandlerFunction } from './handler-function.ts';
import { expireRepositories, listInstances, useLedger } from './permissions.ts';

export interface ImageRetentionProps {
  readonly bundlesFolder: string;
  readonly ledger: DeployLedger;
  /** Those whose images expire, and no other. */
  readonly repositories: readonly IRepository[];
}

/** Once a day, deletes the images that nobody needs any more. A missed or failed day is made good by the next: nothing is retried. */
export class ImageRetention extends Construct {
  readonly expireImages: IFunction;

  constructor(scope: Construct, id: string, { bundlesFolder, ledger, repositories }: ImageRetentionProps) {
    super(scope, id);
    const { function: expireImages, role } = new HandlerFunction(this, 'ExpireImages', {
      handler: 'expire-images',
      description: 'Deletes images that no host runs or may go back to',
      bundlesFolder,
      environment: { LEDGER_TABLE: ledger.table.tableName },
      statements: [useLedger(ledger, 'GetItem', 'Query'), expireRepositories(repositories), listInstances()],
      // A first run may have thousands to look at, a hundred with each call.
      timeoutSeconds: 300,
    });
    acknowledge(role, 'DescribeInstances of EC2 knows no resource', anyResource);
    new Rule(this, 'Rule', {
      description: 'Deletes images that no host runs or may go back to',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new LambdaFunction(expireImages, { retryAttempts: 0 })],
    });
    // The rule's attempts end when Lambda has taken the event; Lambda would run it twice more after a failure.
    expireImages.configureAsyncInvoke({ retryAttempts: 0 });
    this.expireImages = expireImages;
  }
}
