import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { HostGroupConfig } from '../contracts/config.ts';
import { acknowledge, anyResource } from './acknowledge.ts';
import type { DeployLedger } from './deploy-ledger.ts';
import { HandlerFunction } from './handler-function.ts';
import { anyOf, sendPhases, useLedger, watchHosts } from './permissions.ts';
import type { PhaseDocument } from './phase-document.ts';

export interface HostCheckProps {
  readonly bundlesFolder: string;
  readonly ledger: DeployLedger;
  /** The one document that it may send: it changes nothing on a host. */
  readonly inspect: PhaseDocument;
  readonly hostGroups: readonly HostGroupConfig[];
  readonly stateMachine: IStateMachine;
}

/** Each minute compares the ledger with the hosts, and starts a catch-up where that heals. A missed minute is made good by the next. */
export class HostCheck extends Construct {
  readonly checkHosts: IFunction;

  constructor(scope: Construct, id: string, props: HostCheckProps) {
    super(scope, id);
    const { function: checkHosts, role } = this.createFunction(props);
    const tagged = 'Hosts are known by their tags: the statement has a condition on them';
    acknowledge(role, tagged, anyOf('instance'));
    acknowledge(role, 'Describe and List actions of EC2 and SSM know no resource', anyResource);
    checkHosts.configureAsyncInvoke({ retryAttempts: 0 });
    new Rule(this, 'Rule', {
      description: 'Compares what the ledger says with what the hosts do',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(checkHosts, { retryAttempts: 0 })],
    });
    this.checkHosts = checkHosts;
  }

  private createFunction(props: HostCheckProps): HandlerFunction {
    const { bundlesFolder, ledger, inspect, hostGroups, stateMachine } = props;
    const stack = Stack.of(this);
    const tags = hostGroups.map(({ tag }) => tag);
    return new HandlerFunction(this, 'CheckHosts', {
      handler: 'check-hosts',
      description: 'Finds hosts that are not as the current release says',
      bundlesFolder,
      environment: {
        LEDGER_TABLE: ledger.table.tableName,
        INSPECT_DOCUMENT: inspect.name,
        STATE_MACHINE_ARN: stateMachine.stateMachineArn,
        STACK_NAME: stack.stackName,
      },
      statements: [
        useLedger(ledger, 'GetItem', 'PutItem', 'Query'),
        watchHosts(),
        ...sendPhases(stack, [inspect.arn], tags),
        startExecutions(stateMachine),
      ],
      timeoutSeconds: 55,
    });
  }
}

const startExecutions = ({ stateMachineArn }: IStateMachine) =>
  new PolicyStatement({ actions: ['states:StartExecution'], resources: [stateMachineArn] });
