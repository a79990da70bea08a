import { ArnFormat, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  type CfnStateMachine,
  DefinitionBody,
  LogLevel,
  StateMachine,
  StateMachineType,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge, anyResource } from './acknowledge.ts';
import type { HandlerFunction } from './handler-function.ts';
import { graphHandlers, type DeployHandlerName, pascalCase, substitutionOf } from './handler-name.ts';

export interface DeployStateMachineProps {
  /** Amazon States Language with a `${<handler>Arn}` for each function. */
  readonly definition: string;
  readonly functions: Readonly<Record<DeployHandlerName, HandlerFunction>>;
}

interface Actions {
  readonly machine?: readonly string[];
  readonly executions?: readonly string[];
}

/** The deploy state machine, as the file says it: the construct adds function ARNs and permissions. */
export class DeployStateMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { definition, functions }: DeployStateMachineProps) {
    super(scope, id);
    const arns = graphHandlers.map((name) => [substitutionOf(name), functions[name].function.functionArn]);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: Object.fromEntries(arns),
      stateMachineType: StateMachineType.STANDARD,
      role: this.role(functions),
      logs: { destination: this.logGroup(), level: LogLevel.ALL, includeExecutionData: true },
      tracingEnabled: true,
    });
    this.letFunctionsAct(functions);
  }

  /** The string form of a definition grants nothing by itself. */
  private role(functions: DeployStateMachineProps['functions']): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    const resources = graphHandlers.map((name) => functions[name].function.functionArn);
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources }));
    acknowledge(role, 'The log delivery and X-Ray actions of Step Functions know no resource', anyResource);
    return role;
  }

  /** Under /aws/vendedlogs/ the log group's policy cannot outgrow its 5,120 characters. Source: Step Functions, "Logging". */
  private logGroup(): LogGroup {
    return new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${Names.uniqueResourceName(this, { maxLength: 60 })}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** What functions may do to this machine; those that start executions are told its ARN. */
  private letFunctionsAct(functions: DeployStateMachineProps['functions']): void {
    this.permit(functions, 'acquire-lease', { executions: ['DescribeExecution'] });
    this.permit(functions, 'run-phase', { machine: ['SendTaskSuccess', 'SendTaskFailure'] });
    this.permit(functions, 'judge-phase', { machine: ['SendTaskSuccess', 'SendTaskFailure'] });
    const settle = ['SendTaskSuccess', 'SendTaskFailure', 'StartExecution'];
    this.permit(functions, 'sweep', { machine: settle, executions: ['DescribeExecution'] });
    this.permit(functions, 'close-execution', { machine: ['StartExecution'] });
    for (const name of ['sweep', 'close-execution'] as const)
      functions[name].function.addEnvironment('STATE_MACHINE_ARN', this.stateMachine.stateMachineArn);
  }

  /** A policy of its own: the machine names the function, so the function's own policy may not name the machine. */
  private permit(
    functions: DeployStateMachineProps['functions'],
    name: DeployHandlerName,
    actions: Actions,
  ): void {
    const policy = new Policy(this, `${pascalCase(name)}Policy`);
    this.add(policy, actions.machine, this.stateMachine.stateMachineArn);
    this.add(policy, actions.executions, this.executionsArn);
    if (actions.executions) acknowledge(policy, 'Executions of this machine only', this.executionsFinding);
    policy.attachToRole(functions[name].role);
  }

  private add(policy: Policy, actions: readonly string[] = [], resource: string): void {
    if (actions.length === 0) return;
    const named = actions.map((action) => `states:${action}`);
    policy.addStatements(new PolicyStatement({ actions: named, resources: [resource] }));
  }

  private get executionsArn(): string {
    return Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: `${this.stateMachine.stateMachineName}:*`,
    });
  }

  private get executionsFinding(): string {
    const machine = Stack.of(this).getLogicalId(this.stateMachine.node.defaultChild as CfnStateMachine);
    return `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${machine}.Name>:*]`;
  }
}
