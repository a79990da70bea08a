import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { type EventPattern, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { AppConfig } from '../contracts/config.ts';
import { referrerPrefix } from '../contracts/tag-rules.ts';
import { acknowledge } from './acknowledge.ts';

export interface PushRulesProps {
  readonly apps: readonly AppConfig[];
  readonly stateMachine: IStateMachine;
}

const events = new ServicePrincipal('events.amazonaws.com');

/** One rule an app: a tagged push that succeeded starts a deployment, with the event as it came for its input. */
export class PushRules extends Construct {
  /** Pushes that could not start a deployment. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { apps, stateMachine }: PushRulesProps) {
    super(scope, id);
    this.deadLetters = this.createDeadLetters();
    const role = new Role(this, 'Role', { assumedBy: events });
    stateMachine.grantStartExecution(role);
    const target = this.targetOf(stateMachine, role);
    for (const app of apps)
      new Rule(this, `Push-${app.name}`, {
        description: `A push to ${app.repository.name} deploys ${app.name}`,
        eventPattern: pushPattern(app),
        targets: [target],
      });
  }

  /** One statement for all rules: CDK's own target adds one a rule, and a queue's policy takes twenty. */
  private createDeadLetters(): Queue {
    const queue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const rules = Stack.of(this).formatArn({ service: 'events', resource: 'rule', resourceName: '*' });
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [events],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: {
          ArnLike: { 'aws:SourceArn': rules },
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        },
      }),
    );
    acknowledge(queue, 'It is the dead-letter queue', 'AwsSolutions-SQS3');
    return queue;
  }

  /** EventBridge tries for two hours; a push older than that is better started by hand than by surprise. */
  private targetOf(stateMachine: IStateMachine, role: Role): IRuleTarget {
    return {
      bind: () => ({
        arn: stateMachine.stateMachineArn,
        role,
        deadLetterConfig: { arn: this.deadLetters.queueArn },
        retryPolicy: { maximumEventAgeInSeconds: 7200, maximumRetryAttempts: 185 },
      }),
    };
  }
}

function pushPattern({ repository, deployTags }: AppConfig): EventPattern {
  return {
    source: ['aws.ecr'],
    detailType: ['ECR Image Action'],
    detail: {
      'action-type': ['PUSH'],
      result: ['SUCCESS'],
      'repository-name': [repository.name],
      'image-tag': tagPattern(deployTags),
    },
  };
}

/**
 * As isDeployed says it. A push by digest alone, such as the parts of a multi-architecture image, has no tag and is no release:
 * `exists: false` is the one form that fits a field which is not there, so anything-but does not. Source: event-ruler's ACFinder,
 * which compares values only with the fields that an event has.
 */
export function tagPattern(globs: readonly string[]): unknown[] {
  if (globs.includes('*')) return [{ 'anything-but': { prefix: referrerPrefix } }];
  return globs.map((glob) => (glob.includes('*') ? { wildcard: glob } : glob));
}
