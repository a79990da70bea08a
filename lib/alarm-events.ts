import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface AlarmEventsProps {
  /** Names of the CloudWatch alarms that apps heed, each once. */
  readonly alarms: readonly string[];
  readonly judgePhase: IFunction;
}

/** An event pattern may have 2,048 characters. Source: EventBridge quotas. */
const namesLength = 1_600;

/** Wakes judge-phase when an alarm is raised that a release under watch may have to go back for. The sweep sees what got lost. */
export class AlarmEvents extends Construct {
  constructor(scope: Construct, id: string, { alarms, judgePhase }: AlarmEventsProps) {
    super(scope, id);
    const target = new LambdaFunction(judgePhase, { retryAttempts: 3, maxEventAge: Duration.minutes(5) });
    inPatterns(alarms).forEach((names, index) => {
      new Rule(this, `Rule${index + 1}`, {
        description: 'An alarm that a release heeds was raised',
        eventPattern: {
          source: ['aws.cloudwatch'],
          detailType: ['CloudWatch Alarm State Change'],
          detail: { alarmName: names, state: { value: ['ALARM'] } },
        },
        targets: [target],
      });
    });
  }
}

/** As many names as a pattern has room for. */
export function inPatterns(names: readonly string[]): string[][] {
  const lists: string[][] = [];
  for (const name of names) {
    const last = lists.at(-1);
    if (last && JSON.stringify([...last, name]).length <= namesLength) last.push(name);
    else lists.push([name]);
  }
  return lists;
}
