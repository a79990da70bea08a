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
import type { PhaseName } from '../../contracts/phase-name.ts';
import { judge, type Judgement } from './judge.ts';
import { runKey, type Ledger, type PhaseRun } from './ledger.ts';

export interface Clients {
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
  { ledger, sfn }: Clients,
): Promise<Judgement> {
  const judgement = judge(run, invocations);
  if (judgement.verdict === 'pending') return judgement;
  if (readAtOnce.includes(run.phase)) await record(run, judgement, ledger, '');
  await answerTask(run.taskToken, judgement, sfn);
  await record(run, judgement, ledger, 'REMOVE #open');
  return judgement;
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
