import { randomUUID } from 'node:crypto';
import type { Agent } from '../agent/agent.ts';
import type { Clock } from '../clock.ts';
import { list, optionalNumber, optionalText, refuseOthers, text } from './input.ts';
import { AwsError } from './service.ts';
import { checkParameters, type DocumentStore } from './ssm-documents.ts';
import { deliverySeconds, type Command } from './ssm-command.ts';

const known = [
  'DocumentName',
  'DocumentVersion',
  'DocumentHash',
  'DocumentHashType',
  'InstanceIds',
  'Parameters',
  'Comment',
  'TimeoutSeconds',
  'MaxConcurrency',
  'MaxErrors',
];

/** Checks a SendCommand as the service does, and makes the command that will be dispatched. */
export function makeCommand(
  input: Record<string, unknown>,
  documents: DocumentStore,
  agents: ReadonlyMap<string, Agent>,
  clock: Clock,
): Command {
  refuseOthers('SendCommand', input, known);
  const stored = documents.find(text(input, 'DocumentName'), optionalText(input, 'DocumentVersion'));
  checkHash(input, stored.hash);
  const parameters = (input.Parameters ?? {}) as Record<string, string[]>;
  checkParameters(stored, parameters);
  const requestedAt = new Date(clock.now());
  const command: Command = {
    commandId: randomUUID(),
    comment: checkedComment(input),
    stored,
    parameters,
    timeoutSeconds: checkedTimeout(input),
    maxConcurrency: checkedShare(input, 'MaxConcurrency', '50'),
    maxErrors: checkedShare(input, 'MaxErrors', '0'),
    requestedAt,
    expiresAfter: requestedAt,
    invocations: checkedInstances(input, agents).map((instanceId) => ({
      instanceId,
      status: 'Pending',
      statusDetails: 'Pending',
      steps: [],
    })),
    status: 'Pending',
    statusDetails: 'Pending',
  };
  return { ...command, expiresAfter: new Date(requestedAt.getTime() + deliverySeconds(command) * 1000) };
}

function checkedInstances(input: Record<string, unknown>, agents: ReadonlyMap<string, Agent>): string[] {
  const ids = list(input, 'InstanceIds');
  if (ids.length === 0) throw new AwsError('ValidationException', 'InstanceIds or Targets must be given');
  if (ids.length > 50)
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'instanceIds' failed to satisfy constraint: Member must have length less than or equal to 50`,
    );
  const unknown = ids.filter((id) => !agents.has(id));
  if (unknown.length > 0 || new Set(ids).size !== ids.length)
    throw new AwsError(
      'InvalidInstanceId',
      `Instances ${JSON.stringify(unknown)} not in a valid state for account`,
    );
  return ids;
}

function checkedComment(input: Record<string, unknown>): string {
  const comment = optionalText(input, 'Comment') ?? '';
  if (comment.length > 100)
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at 'comment' failed to satisfy constraint: Member must have length less than or equal to 100`,
    );
  return comment;
}

function checkedTimeout(input: Record<string, unknown>): number {
  const seconds = optionalNumber(input, 'TimeoutSeconds') ?? 3600;
  if (Number.isInteger(seconds) && seconds >= 30 && seconds <= 2_592_000) return seconds;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${seconds}' at 'timeoutSeconds' failed to satisfy constraint: Member must have value greater than or equal to 30`,
  );
}

function checkedShare(input: Record<string, unknown>, name: string, fallback: string): string {
  const value = optionalText(input, name) ?? fallback;
  if (/^([1-9][0-9]*|0|[1-9][0-9]?%|0%|100%)$/.test(value)) return value;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint`,
  );
}

function checkHash(input: Record<string, unknown>, hash: string): void {
  const given = optionalText(input, 'DocumentHash');
  if (given !== undefined && given !== hash)
    throw new AwsError('InvalidDocument', 'The DocumentHash does not match the document.');
}
