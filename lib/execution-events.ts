import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface ExecutionEventsProps {
  readonly stateMachine: IStateMachine;
  readonly closeExecution: IFunction;
}

/** An execution that did not end well may have left a lease and half-switched hosts: close-execution looks. */
export class ExecutionEvents extends Construct {
  constructor(scope: Construct, id: string, { stateMachine, closeExecution }: ExecutionEventsProps) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'An execution was aborted, timed out or failed',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [stateMachine.stateMachineArn],
          status: ['ABORTED', 'TIMED_OUT', 'FAILED'],
        },
      },
      targets: [new LambdaFunction(closeExecution, { retryAttempts: 10, maxEventAge: Duration.minutes(30) })],
    });
  }
}
