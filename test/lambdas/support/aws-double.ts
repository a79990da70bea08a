import type { CommandInvocation, SendCommandRequest } from '@aws-sdk/client-ssm';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SSMClient } from '@aws-sdk/client-ssm';
import { SFNClient } from '@aws-sdk/client-sfn';
import { AwsError, type WireService } from '../../../rehearsal/aws/service.ts';
import { createWire } from '../../../rehearsal/aws/wire.ts';
import { createCredentials } from '../../../rehearsal/aws/wire-credentials.ts';

type Input = Record<string, unknown>;
export type Action = (input: Input) => unknown;

/** Step Functions as the Lambdas see it: statuses of executions, answers to tasks, executions that were started. */
export class StatesDouble {
  readonly statuses = new Map<string, string>();
  readonly answers: { taskToken: string; output?: unknown; error?: string; cause?: string }[] = [];
  readonly started: { name: string; input: unknown }[] = [];
  /** Names of executions that have ended. */
  readonly taken = new Set<string>();
  /** Thrown for an answer to this token, such as TaskTimedOut. */
  readonly refused = new Map<string, string>();

  readonly actions: Record<string, Action> = {
    DescribeExecution: ({ executionArn }) => {
      const status = this.statuses.get(String(executionArn));
      if (!status) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
      return { executionArn, status, startDate: new Date() };
    },
    StartExecution: ({ name, input }) => {
      if (this.taken.has(String(name)))
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${name}'`);
      // One that runs with the same input is answered again.
      if (!this.started.some((one) => one.name === name))
        this.started.push({ name: String(name), input: JSON.parse(String(input)) });
      return { executionArn: `arn:closing:${name}`, startDate: new Date() };
    },
    SendTaskSuccess: ({ taskToken, output }) =>
      this.#answer({ taskToken: String(taskToken), output: JSON.parse(String(output)) }),
    SendTaskFailure: ({ taskToken, error, cause }) =>
      this.#answer({ taskToken: String(taskToken), error: String(error), cause: String(cause) }),
  };

  #answer(answer: StatesDouble['answers'][number]) {
    const refusal = this.refused.get(answer.taskToken);
    if (refusal) throw new AwsError(refusal, 'the task is gone');
    this.answers.push(answer);
    return {};
  }
}

/** Run Command as the Lambdas see it: commands that were sent, and what the hosts are said to have answered. */
export class SsmDouble {
  readonly sent: (SendCommandRequest & { CommandId: string })[] = [];
  readonly invocations = new Map<string, CommandInvocation[]>();
  /** Instances that SSM refuses to send to. */
  readonly gone = new Set<string>();
  /** Comments of commands that reached no host. */
  readonly comments = new Map<string, string>();
  /** ListCommandInvocations answers so many at once. */
  pageSize = 50;
  /** Called when a command was accepted, before its sender has the answer. */
  onSent: (commandId: string) => Promise<void> | void = () => {};

  readonly actions: Record<string, Action> = {
    SendCommand: async (input) => {
      const ids = input.InstanceIds as string[];
      const unknown = ids.filter((id) => this.gone.has(id));
      if (unknown.length > 0)
        throw new AwsError(
          'InvalidInstanceId',
          `Instances [[${unknown.join(', ')}]] not in a valid state for account 123456789012`,
        );
      const CommandId = `00000000-0000-4000-8000-${String(this.sent.length + 1).padStart(12, '0')}`;
      this.sent.push({ ...(input as unknown as SendCommandRequest), CommandId });
      await this.onSent(CommandId);
      return { Command: { CommandId, Comment: input.Comment } };
    },
    ListCommandInvocations: ({ CommandId, NextToken }) => {
      const all = this.invocations.get(String(CommandId)) ?? [];
      const from = Number(NextToken ?? 0);
      const next = from + this.pageSize;
      return {
        CommandInvocations: all.slice(from, next),
        ...(next < all.length && { NextToken: String(next) }),
      };
    },
    ListCommands: ({ CommandId }) => {
      const Comment = this.comments.get(String(CommandId));
      return { Commands: Comment === undefined ? [] : [{ CommandId, Comment }] };
    },
  };
}

/** CloudWatch's alarms as the Lambdas see them. */
export class CloudWatchDouble {
  /** State, and epoch milliseconds since when, by name. */
  readonly alarms = new Map<string, { state: string; since: number }>();

  readonly actions: Record<string, Action> = {
    DescribeAlarms: ({ AlarmNames }) => ({
      MetricAlarms: [...this.alarms]
        .filter(([name]) => (AlarmNames as string[]).includes(name))
        .map(([AlarmName, { state, since }]) => ({
          AlarmName,
          StateValue: state,
          StateReason: 'Threshold Crossed',
          StateTransitionedTimestamp: new Date(since),
        })),
    }),
  };
}

const asService = (name: string, actions: Record<string, Action>): WireService => ({
  name,
  async handle(action, input) {
    const perform = actions[action];
    if (!perform) throw new AwsError('NotDoubled', `${name}:${action}`, 501);
    return perform(input);
  },
  permissions: () => [],
});

export interface AwsDouble {
  readonly cloudwatch: CloudWatchClient;
  readonly cloudwatchDouble: CloudWatchDouble;
  readonly ssm: SSMClient;
  readonly sfn: SFNClient;
  readonly ssmDouble: SsmDouble;
  readonly statesDouble: StatesDouble;
  close(): Promise<void>;
}

/** The real SDK's clients, and behind them, at the wire, doubles of CloudWatch, Systems Manager and Step Functions. */
export async function openAws(): Promise<AwsDouble> {
  const [ssmDouble, statesDouble, cloudwatchDouble] = [
    new SsmDouble(),
    new StatesDouble(),
    new CloudWatchDouble(),
  ];
  const wire = await openWire({
    monitoring: cloudwatchDouble.actions,
    ssm: ssmDouble.actions,
    states: statesDouble.actions,
  });
  const cloudwatch = new CloudWatchClient(wire.config);
  const [ssm, sfn] = [new SSMClient(wire.config), new SFNClient(wire.config)];
  const close = () => (cloudwatch.destroy(), ssm.destroy(), sfn.destroy(), wire.close());
  return { cloudwatch, cloudwatchDouble, ssm, sfn, ssmDouble, statesDouble, close };
}

type Layers = (path: string) => string | undefined;

/** An endpoint for the real SDK, whose services do what they are told; `layers` answers plain downloads. */
export async function openWire(
  services: Record<string, Record<string, Action>>,
  layers: Layers = () => undefined,
) {
  const registry = createCredentials();
  const wire = createWire({
    services: Object.entries(services).map(([name, actions]) => asService(name, actions)),
    credentials: registry,
    authorizer: { authorize: () => {} },
    routes: [
      ({ url = '' }, response) => {
        const body = url.startsWith('/layers/') ? layers(url) : undefined;
        if (body !== undefined) response.end(body);
        return body !== undefined;
      },
    ],
  });
  const { url, close } = await wire.listen();
  const credentials = registry.credentialsFor('rehearsal');
  return { config: { endpoint: url, region: 'eu-central-1', credentials, maxAttempts: 1 }, close };
}
