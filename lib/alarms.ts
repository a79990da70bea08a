import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface AlarmsProps {
  readonly deadLetters: IQueue;
  readonly stateMachine: StateMachine;
  readonly sweep: IFunction;
  /** Only where images expire. */
  readonly expireImages?: IFunction | undefined;
}

const period = Duration.minutes(5);

/** Three alarms, or four where images expire, without an action: who hears them is the account's business. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { deadLetters, stateMachine, sweep, expireImages }: AlarmsProps) {
    super(scope, id);
    this.whenAny(
      'PushLost',
      deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
      'A push could not start a deployment: its event is in the dead-letter queue. Start the execution by hand.',
    );
    this.whenAny(
      'DeploymentFailed',
      stateMachine.metricFailed({ period }),
      'A deployment did not succeed: the execution names its failure id, docs/runbook.md what to do.',
    );
    this.whenAny(
      'SweepFailing',
      sweep.metricErrors({ period }),
      'The sweep fails: a lost event would leave a deployment waiting until its timeout. See its log group.',
    );
    if (!expireImages) return;
    this.whenAny(
      'ExpiryFailing',
      expireImages.metricErrors({ period }),
      'Images could not be deleted, or that of a current release is missing: see its log group.',
    );
  }

  private whenAny(id: string, metric: IMetric, alarmDescription: string): void {
    new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
