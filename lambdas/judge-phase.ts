import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient, type CommandInvocation } from '@aws-sdk/client-ssm';
import { isUnderAnotherFence } from './lib/judge.ts';
import { Ledger, parseRunId, runIdOf, type PhaseRun } from './lib/ledger.ts';
import { readComment, readInvocations, settleOpen, settleRun, type Clients } from './lib/settle-run.ts';

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
function isOf(run: PhaseRun, commandId: string, invocations: CommandInvocation[]): boolean {
  if (run.commandIds?.has(commandId)) return true;
  const requestedAt = invocations[0]?.RequestedDateTime?.getTime() ?? 0;
  return requestedAt >= run.since - clockSkewMs && !isUnderAnotherFence(run, invocations);
}

/** EventBridge's `CloudWatch Alarm State Change`, of an alarm that some app heeds. */
export interface AlarmStateEvent {
  readonly detail: { readonly alarmName: string };
}

/** Looks at each bake that heeds this alarm; answers those that are settled by that. What the event says is not believed either. */
export async function judgeBakes({ detail }: AlarmStateEvent, clients: Clients): Promise<string[]> {
  const open = await clients.ledger.open();
  const heeding = open.filter(
    (item): item is PhaseRun => 'taskToken' in item && Boolean(item.alarms?.includes(detail.alarmName)),
  );
  const settled = await Promise.all(heeding.map((run) => settleOpen(run, clients)));
  return heeding.filter((_, index) => settled[index]).map(runIdOf);
}

let clients: Clients | undefined;
export const handler = async (event: CommandStatusEvent | AlarmStateEvent) => {
  clients ??= {
    cloudwatch: new CloudWatchClient({}),
    ledger: new Ledger(),
    ssm: new SSMClient({}),
    sfn: new SFNClient({}),
  };
  return 'alarmName' in event.detail
    ? judgeBakes(event as AlarmStateEvent, clients)
    : judgePhase(event as CommandStatusEvent, clients);
};
