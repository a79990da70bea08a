import { executionTimeout, interpolate, withDefaults } from '../agent/interpolate.ts';
import type { AgentCommand } from '../agent/run-document.ts';
import { isFinal, type Invocation } from './ssm-invocation.ts';
import type { StoredDocument } from './ssm-documents.ts';

/** A SendCommand and what became of it. */
export interface Command {
  readonly commandId: string;
  readonly comment: string;
  readonly stored: StoredDocument;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly timeoutSeconds: number;
  readonly maxConcurrency: string;
  readonly maxErrors: string;
  readonly requestedAt: Date;
  readonly expiresAfter: Date;
  readonly invocations: readonly Invocation[];
  status: string;
  statusDetails: string;
}

/** `10` or `50%` of the targets; at least one. */
export function share(value: string, of: number): number {
  const amount = value.endsWith('%') ? Math.floor((of * Number(value.slice(0, -1))) / 100) : Number(value);
  return amount;
}

/** Undeliverable hosts and delivery timeouts do not count against MaxErrors. Source: "Understanding command statuses". */
export const errorsOf = ({ invocations }: Command) =>
  invocations.filter(({ statusDetails }) => ['Failed', 'ExecutionTimedOut'].includes(statusDetails)).length;

/**
 * The parent's own status, which says little: it fails only when more hosts failed than MaxErrors allows, and is Success with
 * some of them undeliverable.
 */
export function judgeCommand(command: Command): Pick<Command, 'status' | 'statusDetails'> {
  const { invocations } = command;
  if (!invocations.every(({ status }) => isFinal(status))) {
    const begun = invocations.some(({ status }) => status !== 'Pending');
    const status = command.status === 'Cancelling' ? 'Cancelling' : begun ? 'InProgress' : 'Pending';
    return { status, statusDetails: status };
  }
  const has = (details: string) => invocations.some(({ statusDetails }) => statusDetails === details);
  if (invocations.every(({ status }) => status === 'Success'))
    return { status: 'Success', statusDetails: 'Success' };
  if (command.status === 'Cancelling' || has('Cancelled'))
    return { status: 'Cancelled', statusDetails: 'Cancelled' };
  if (errorsOf(command) > share(command.maxErrors, invocations.length)) return ofErrors(has);
  if (invocations.every(({ statusDetails }) => statusDetails === 'DeliveryTimedOut'))
    return { status: 'TimedOut', statusDetails: 'DeliveryTimedOut' };
  if (errorsOf(command) === 0 && has('Success')) return { status: 'Success', statusDetails: 'Success' };
  return { status: 'Failed', statusDetails: 'Incomplete' };
}

const ofErrors = (has: (details: string) => boolean) =>
  has('Failed')
    ? { status: 'Failed', statusDetails: 'Failed' }
    : { status: 'TimedOut', statusDetails: 'ExecutionTimedOut' };

/** An entry of ListCommands and the answer of SendCommand. */
export const describeCommand = (command: Command) => ({
  CommandId: command.commandId,
  DocumentName: command.stored.name,
  DocumentVersion: command.stored.version,
  Comment: command.comment,
  ExpiresAfter: command.expiresAfter,
  Parameters: command.parameters,
  InstanceIds: command.invocations.map(({ instanceId }) => instanceId),
  Targets: [],
  RequestedDateTime: command.requestedAt,
  Status: command.status,
  StatusDetails: command.statusDetails,
  MaxConcurrency: command.maxConcurrency,
  MaxErrors: command.maxErrors,
  TargetCount: command.invocations.length,
  CompletedCount: command.invocations.filter(({ status }) => isFinal(status)).length,
  ErrorCount: errorsOf(command),
  DeliveryTimedOutCount: command.invocations.filter(
    ({ statusDetails }) => statusDetails === 'DeliveryTimedOut',
  ).length,
  TimeoutSeconds: command.timeoutSeconds,
});

/** What its agents get of it. */
export const agentCommand = ({ commandId, stored, parameters }: Command): AgentCommand => ({
  commandId,
  documentName: stored.name,
  document: stored.document,
  values: withDefaults(stored.document, parameters),
});

/**
 * Seconds until an undelivered command is given up: TimeoutSeconds plus the execution timeout.
 * Source: Systems Manager user guide, "Understanding command statuses", Pending.
 */
export function deliverySeconds({ stored, parameters, timeoutSeconds }: Command): number {
  const values = withDefaults(stored.document, parameters);
  const longest = stored.document.steps.map(({ inputs }) =>
    inputs.timeoutSeconds === undefined
      ? executionTimeout(undefined)
      : executionTimeout(interpolate(String(inputs.timeoutSeconds), stored.document, values)),
  );
  return timeoutSeconds + Math.max(...longest);
}
