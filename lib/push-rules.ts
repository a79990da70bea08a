import { Duration } from 'aws-cdk-lib';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { AppConfig } from '../contracts/config.ts';
import { acknowledge } from './acknowledge.ts';

export interface PushRulesProps {
  readonly apps: readonly AppConfig[];
  readonly stateMachine: IStateMachine;
}

/** One rule an app: a tagged push that succeeded starts a deployment, with the event as it came for its input. */
export class PushRules extends Construct {
  /** Pushes that could not start a deployment. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { apps, stateMachine }: PushRulesProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, 'It is the dead-letter queue', 'AwsSolutions-SQS3');
    const target = new SfnStateMachine(stateMachine, {
      deadLetterQueue: this.deadLetters,
      // A push that is two hours old is better started by hand than by surprise.
      maxEventAge: Duration.hours(2),
      retryAttempts: 185,
      role: new Role(this, 'Role', { assumedBy: new ServicePrincipal('events.amazonaws.com') }),
    });
    for (const app of apps)
      new Rule(this, `Push-${app.name}`, {
        description: `A push to ${app.repository.name} deploys ${app.name}`,
        eventPattern: pushPattern(app),
        targets: [target],
      });
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

/** A push by digest alone, such as the parts of a multi-architecture image, has no tag and is no release. */
function tagPattern(globs: readonly string[]): unknown[] {
  if (globs.includes('*')) return [{ exists: true }];
  return globs.map((glob) => (glob.includes('*') ? { wildcard: glob } : glob));
}
