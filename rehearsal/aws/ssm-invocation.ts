import { combineOutput, truncateStream } from '../agent/truncate-output.ts';
import { aggregate, type StepResult } from '../agent/step-result.ts';
import type { Command } from './ssm-command.ts';

export type InvocationStatus =
  'Pending' | 'InProgress' | 'Delayed' | 'Success' | 'Cancelled' | 'TimedOut' | 'Failed' | 'Cancelling';

/** A command on one host, as it stands. */
export interface Invocation {
  readonly instanceId: string;
  status: InvocationStatus;
  statusDetails: string;
  steps: readonly StepResult[];
}

const finalStatuses: readonly InvocationStatus[] = ['Success', 'Cancelled', 'TimedOut', 'Failed'];
export const isFinal = (status: string) => finalStatuses.some((final) => final === status);

/** How a finished document counts for its host. */
export const verdictOf = (steps: readonly StepResult[]): Pick<Invocation, 'status' | 'statusDetails'> =>
  aggregate(steps);

/** An entry of ListCommandInvocations. */
export const describeInvocation = (command: Command, invocation: Invocation, details: boolean) => ({
  CommandId: command.commandId,
  InstanceId: invocation.instanceId,
  InstanceName: '',
  Comment: command.comment,
  DocumentName: command.stored.name,
  DocumentVersion: command.stored.version,
  RequestedDateTime: command.requestedAt,
  Status: invocation.status,
  StatusDetails: invocation.statusDetails,
  StandardOutputUrl: '',
  StandardErrorUrl: '',
  CommandPlugins: details ? describePlugins(command, invocation) : [],
});

/** Output is empty until the command has finished. */
function describePlugins({ stored }: Command, invocation: Invocation) {
  return stored.document.steps.map(({ name }) => {
    const step = invocation.steps.find((result) => result.name === name);
    if (!step)
      return {
        Name: name,
        Status: invocation.status,
        StatusDetails: invocation.statusDetails,
        ResponseCode: -1,
        Output: '',
      };
    return {
      Name: name,
      Status: step.status,
      StatusDetails: step.statusDetails,
      ResponseCode: step.code,
      ResponseStartDateTime: step.startedAt,
      ResponseFinishDateTime: step.endedAt,
      Output: combineOutput(step.stdout, step.stderr),
      StandardOutputUrl: '',
      StandardErrorUrl: '',
    };
  });
}

/** The answer of GetCommandInvocation; without a plugin's name it is the only step's, or empty for a document with several. */
export function describeOutput(command: Command, invocation: Invocation, pluginName: string | undefined) {
  const { steps } = command.stored.document;
  const name = pluginName ?? (steps.length === 1 ? steps[0]?.name : undefined);
  const step = invocation.steps.find((result) => result.name === name);
  return {
    CommandId: command.commandId,
    InstanceId: invocation.instanceId,
    Comment: command.comment,
    DocumentName: command.stored.name,
    DocumentVersion: command.stored.version,
    PluginName: name ?? '',
    ResponseCode: step?.code ?? -1,
    ExecutionStartDateTime: step?.startedAt.toISOString() ?? '',
    ExecutionEndDateTime: step?.endedAt.toISOString() ?? '',
    Status: step?.status ?? invocation.status,
    StatusDetails: step?.statusDetails ?? invocation.statusDetails,
    StandardOutputContent: truncateStream(step?.stdout ?? '', 24_000),
    StandardErrorContent: truncateStream(step?.stderr ?? '', 8_000),
    StandardOutputUrl: '',
    StandardErrorUrl: '',
  };
}
