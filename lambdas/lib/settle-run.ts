import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  InvalidToken,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  TaskDoesNotExist,
  TaskTimedOut,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import {
  ListCommandsCommand,
  paginateListCommandInvocations,
  type CommandInvocation,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { oneLine } from '../../contracts/failure.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { judge, type Judgement } from './judge.ts';
import { runKey, type Ledger, type PhaseRun } from './ledger.ts';
import { describeAlarms } from './watched-alarms.ts';

export interface Clients {
  readonly cloudwatch: CloudWatchClient;
  readonly ledger: Ledger;
  readonly ssm: SSMClient;
  readonly sfn: SFNClient;
}

type Settled = Exclude<Judgement, { verdict: 'pending' }>;

/** Every invocation of a command with its output, however many hosts it went to. */
export async function readInvocations(commandId: string, client: SSMClient): Promise<CommandInvocation[]> {
  const invocations: CommandInvocation[] = [];
  for await (const page of paginateListCommandInvocations(
    { client },
    { CommandId: commandId, Details: true },
  ))
    invocations.push(...(page.CommandInvocations ?? []));
  return invocations;
}

/** The Comment of a command that reached no host at all. */
export async function readComment(commandId: string, client: SSMClient): Promise<string | undefined> {
  const { Commands } = await client.send(new ListCommandsCommand({ CommandId: commandId }));
  return Commands?.[0]?.Comment;
}

/** What these say is read as soon as their task is answered: by the way back, or when the deployment is closed. */
const readAtOnce: readonly PhaseName[] = ['resolve-database', 'run-migrations', 'bake', 'retire', 'revert'];

/** Completes the waiting task by what the hosts said. Safe to do twice: a task that is gone has been answered. */
export async function settleRun(
  run: PhaseRun,
  invocations: CommandInvocation[],
  clients: Clients,
): Promise<Judgement> {
  const { ledger, sfn } = clients;
  const judgement = await heedAlarms(run, judge(run, invocations), clients);
  if (judgement.verdict === 'pending') return judgement;
  if (readAtOnce.includes(run.phase)) await record(run, judgement, ledger, '');
  await answerTask(run.taskToken, judgement, sfn);
  await record(run, judgement, ledger, 'REMOVE #open');
  return judgement;
}

/** Settles a run that nobody was told the end of: by what its commands say now. False while they go on. */
export async function settleOpen(run: PhaseRun, clients: Clients): Promise<boolean> {
  for (const commandId of run.commandIds ?? []) {
    const { verdict } = await settleRun(run, await readInvocations(commandId, clients.ssm), clients);
    if (verdict !== 'pending') return true;
  }
  return false;
}

/** An alarm that was raised since traffic moved ends bake at once, whatever the hosts think of the release. */
async function heedAlarms(
  run: PhaseRun,
  judgement: Judgement,
  { ledger, cloudwatch }: Clients,
): Promise<Judgement> {
  if (!run.alarms || judgement.verdict === 'failure') return judgement;
  const [moved, states] = await Promise.all([movedAt(run, ledger), describeAlarms(run.alarms, cloudwatch)]);
  const raised = states.find(({ isRaised, since }) => isRaised && since >= moved);
  if (!raised) return judgement;
  const { name, since, reason } = raised;
  const cause = `the alarm ${name} was raised at ${new Date(since).toISOString()}: ${reason}`;
  const receipts = judgement.verdict === 'success' ? judgement.receipts : {};
  return { verdict: 'failure', failure: 'alarm-raised', cause: oneLine(cause, 2000), receipts };
}

/** A switch that was sent again has moved traffic before it was, and not before the first wave's candidate was ready. */
async function movedAt(run: PhaseRun, ledger: Ledger): Promise<number> {
  const ofFirstWave = (phase: PhaseName) => ledger.run({ ...run, phase, wave: 0 });
  const [ready, moved] = await Promise.all([ofFirstWave('start-candidate'), ofFirstWave('switch-traffic')]);
  return Math.min(ready?.settledAt ?? Infinity, (moved ?? run).since);
}

/** A run stays open until its task is answered: whoever dies before that leaves it to the sweep. */
async function record(run: PhaseRun, judgement: Settled, ledger: Ledger, then: string): Promise<void> {
  const { receipts, verdict } = judgement;
  await ledger.update(
    runKey(run),
    `SET receipts = :receipts, verdict = :verdict, settledAt = :now ${then}`,
    { ':receipts': receipts, ':verdict': verdict, ':now': Date.now(), ':token': run.taskToken },
    'taskToken = :token',
  );
}

async function answerTask(taskToken: string, judgement: Settled, sfn: SFNClient): Promise<void> {
  try {
    if (judgement.verdict === 'success')
      await sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(judgement.output) }));
    else
      await sfn.send(
        new SendTaskFailureCommand({ taskToken, error: judgement.failure, cause: judgement.cause }),
      );
  } catch (error) {
    const gone =
      error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken;
    if (!gone) throw error;
  }
}
