import { Aws, Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface AlarmsProps {
  readonly deadLetters: IQueue;
  readonly stateMachine: StateMachine;
  readonly sweep: IFunction;
  readonly checkHosts: IFunction;
  /** Only where images expire. */
  readonly expireImages?: IFunction | undefined;
}

const period = Duration.minutes(5);

/** What check-hosts counts, as its log says it. The least of a period: what is healed meanwhile is nobody's trouble. */
const findings = new Metric({
  namespace: 'EdgePaaS',
  metricName: 'Findings',
  dimensionsMap: { Stack: Aws.STACK_NAME },
  statistic: 'Minimum',
  period,
});

/** Five alarms, or six where images expire, without an action: who hears them is the account's business. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { deadLetters, stateMachine, sweep, checkHosts, expireImages } = props;
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
    this.whenAny(
      'CheckFailing',
      checkHosts.metricErrors({ period }),
      'The check of the hosts fails: a host in drift would not be found. See its log group.',
    );
    this.whenAny(
      'HostsInDrift',
      findings,
      'Something is not as the current release says, for a quarter of an hour: the findings in the ledger name it, docs/runbook.md what to do.',
      3,
    );
    if (!expireImages) return;
    this.whenAny(
      'ExpiryFailing',
      expireImages.metricErrors({ period }),
      'Images could not be deleted, or that of a current release is missing: see its log group.',
    );
  }

  private whenAny(id: string, metric: IMetric, alarmDescription: string, evaluationPeriods = 1): void {
    new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold: 1,
      evaluationPeriods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
