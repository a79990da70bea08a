import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface SweepScheduleProps {
  readonly sweep: IFunction;
}

/** Each minute the sweep settles what no event reported. A missed minute is made good by the next: nothing to retry. */
export class SweepSchedule extends Construct {
  constructor(scope: Construct, id: string, { sweep }: SweepScheduleProps) {
    super(scope, id);
    sweep.configureAsyncInvoke({ retryAttempts: 0 });
    new Rule(this, 'Rule', {
      description: 'Settles deployments whose events got lost',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep, { retryAttempts: 0 })],
    });
  }
}
