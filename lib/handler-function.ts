import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge, anyResource } from './acknowledge.ts';
import type { HandlerName } from './handler-name.ts';

export interface HandlerFunctionProps {
  readonly handler: HandlerName;
  readonly description: string;
  /** Holds one folder a handler. */
  readonly bundlesFolder: string;
  readonly environment?: Record<string, string>;
  readonly statements?: readonly PolicyStatement[];
  readonly timeoutSeconds?: number;
}

/** One Lambda with a role and a log group of its own: nothing is shared, nothing is managed elsewhere. */
export class HandlerFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    for (const statement of props.statements ?? []) this.role.addToPrincipalPolicy(statement);
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: Code.fromAsset(join(props.bundlesFolder, props.handler)),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      // A Lambda's share of CPU grows with its memory; at 512 MB a cold start takes a third of what it takes at 128.
      memorySize: 512,
      timeout: Duration.seconds(props.timeoutSeconds ?? 30),
      // A throttled call is worth more tries than the SDK's three, some ten seconds of them; then the graph tries the function again.
      environment: { AWS_MAX_ATTEMPTS: '6', ...props.environment },
      role: this.role,
      logGroup,
      tracing: Tracing.ACTIVE,
    });
    acknowledge(this.role, 'X-Ray’s two write actions know no resource', anyResource);
  }
}
