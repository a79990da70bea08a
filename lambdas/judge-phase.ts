import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient, type CommandInvocation } from '@aws-sdk/client-ssm';
import { Ledger, parseRunId, type PhaseRun } from './lib/ledger.ts';
import { readComment, readInvocations, settleRun, type Clients } from './lib/settle-run.ts';

/** EventBridge's `EC2 Command Status-change Notification`; of its detail only the command's id is used. */
export interface CommandStatusEvent {
  readonly detail: { readonly 'command-id': string };
}

/** Wakes the task that waits for this command. The event is best effort: what it says is not believed, only that it came. */
export async function judgePhase(event: CommandStatusEvent, clients: Clients): Promise<string> {
  const commandId = event.detail['command-id'];
  const invocations = await readInvocations(commandId, clients.ssm);
  const comment = invocations[0]?.Comment ?? (await readComment(commandId, clients.ssm));
  const id = parseRunId(comment ?? '');
  const run = id && (await clients.ledger.run(id));
  if (!run?.open || !isOf(run, commandId, invocations)) return 'nothing waits for it';
  return (await settleRun(run, invocations, clients)).verdict;
}

const clockSkewMs = 1000;

/**
 * An earlier attempt's command bears the same Comment, and its event may come late or twice: what it says is not this attempt's
 * verdict. A command that has ended before run-phase could write its id down was requested after the run was.
 */
function isOf(run: PhaseRun, commandId: string, [invocation]: CommandInvocation[]): boolean {
  const requestedAt = invocation?.RequestedDateTime?.getTime() ?? 0;
  return Boolean(run.commandIds?.has(commandId)) || requestedAt >= run.since - clockSkewMs;
}

let clients: Clients | undefined;
export const handler = async (event: CommandStatusEvent) =>
  judgePhase(event, (clients ??= { ledger: new Ledger(), ssm: new SSMClient({}), sfn: new SFNClient({}) }));
