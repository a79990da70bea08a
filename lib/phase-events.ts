import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface PhaseEventsProps {
  readonly documentNames: readonly string[];
  readonly judgePhase: IFunction;
}

/** Whatever is none of these is final. Source: Systems Manager user guide, "Understanding command statuses". */
const notYetFinal = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];

/** Wakes judge-phase when a command has ended on all hosts of its wave. Best effort: the sweep settles what got lost. */
export class PhaseEvents extends Construct {
  constructor(scope: Construct, id: string, { documentNames, judgePhase }: PhaseEventsProps) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'A phase has ended on a wave of hosts',
      eventPattern: {
        source: ['aws.ssm'],
        detailType: ['EC2 Command Status-change Notification'],
        detail: { 'document-name': documentNames, status: [{ 'anything-but': notYetFinal }] },
      },
      // A late event is worth nothing: the sweep has been there.
      targets: [new LambdaFunction(judgePhase, { retryAttempts: 3, maxEventAge: Duration.minutes(5) })],
    });
  }
}
