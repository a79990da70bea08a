import type { CommandInvocation } from '@aws-sdk/client-ssm';
import { oneLine, type FailureId } from '../../contracts/failure.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import { receipt as receiptSchema, type Receipt } from '../../contracts/receipt.ts';
import type { PhaseRun } from './ledger.ts';

/** What a wave's hosts said of a phase. Pending: some have not answered yet. */
export type Judgement =
  | { readonly verdict: 'pending' }
  | { readonly verdict: 'success'; readonly output: Record<string, unknown>; readonly receipts: Receipts }
  | {
      readonly verdict: 'failure';
      readonly failure: FailureId;
      readonly cause: string;
      readonly receipts: Receipts;
    };
type Receipts = Record<string, Receipt>;

type HostAnswer = {
  readonly host: string;
  readonly receipt?: Receipt;
  readonly failure?: FailureId;
  readonly cause?: string;
};

const unfinished = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];
const unreached = ['DeliveryTimedOut', 'Undeliverable', 'Terminated', 'AccessDenied', 'InvalidPlatform'];

/** Judges every invocation by itself, by its receipt first: the command's own status says little. */
export function judge(run: PhaseRun, invocations: CommandInvocation[]): Judgement {
  const unreachable = run.unreachable ?? [];
  const asked = run.hosts.filter((host) => !unreachable.includes(host));
  const answered = asked.map((host) => invocations.find(({ InstanceId }) => InstanceId === host));
  if (!answered.every((invocation) => invocation && isComplete(invocation))) return { verdict: 'pending' };
  const answers = [
    ...answered.map((invocation) => readAnswer(run, invocation!)),
    ...unreachable.map(refusedBySsm),
  ];
  const receipts = Object.fromEntries(
    answers.flatMap(({ host, receipt }) => (receipt ? [[host, receipt]] : [])),
  );
  const failed = answers.filter(({ failure }) => failure);
  if (failed.length === 0) return { verdict: 'success', output: summarize(run, receipts), receipts };
  return { verdict: 'failure', failure: decisiveOf(run, failed), cause: causeOf(run, failed), receipts };
}

const noVerdicts: readonly FailureId[] = ['phase-interrupted', 'host-unreachable', 'host-busy'];

/** What the graph retries, for the whole wave: what is no verdict of the host's own. A way back is tried again where it took too long, too. */
export const sentAgain = (phase: PhaseName): readonly FailureId[] =>
  phase === 'revert' ? [...noVerdicts, 'phase-timed-out'] : noVerdicts;

/**
 * Of hosts that failed differently. A host's verdict on the release holds, whoever else is out of reach: nothing is gained by
 * watching on. On the way back it is the other way round: no host's trouble may keep another from being brought back.
 */
function decisiveOf({ phase }: PhaseRun, failed: readonly HostAnswer[]): FailureId {
  const again = sentAgain(phase);
  const isDecisive = ({ failure }: HostAnswer) => again.includes(failure!) === (phase === 'revert');
  return (failed.find(isDecisive) ?? failed[0]!).failure!;
}

/** Lists are eventually consistent: a script that ended, and whose step is not there yet, will be there at a later look. */
function isComplete({ Status, StatusDetails, CommandPlugins }: CommandInvocation): boolean {
  if (unfinished.includes(Status!)) return false;
  const scriptEnded = StatusDetails === 'Success' || StatusDetails === 'Failed';
  return !scriptEnded || Boolean(CommandPlugins?.length);
}

/**
 * What a document's one step printed. SSM names it as the document does, the API reference says by its action: its name decides
 * nothing here, since a receipt says itself which phase it is of.
 */
const outputOf = ({ CommandPlugins }: CommandInvocation) =>
  (CommandPlugins ?? []).map(({ Output }) => Output ?? '').join('\n');

const refusedBySsm = (host: string): HostAnswer => ({
  host,
  failure: 'host-unreachable',
  cause: 'SSM sends nothing to it: check that the instance runs, has its role, and reaches SSM',
});

function readAnswer(run: PhaseRun, invocation: CommandInvocation): HostAnswer {
  const host = invocation.InstanceId!;
  const output = outputOf(invocation);
  const receipt = readReceipt(run, output);
  if (receipt?.result === 'failed') return { host, receipt, failure: receipt.failure, cause: receipt.cause };
  if (receipt && invocation.Status === 'Success') return { host, receipt };
  const [failure, cause] = explainStatus(run, invocation, output);
  return { host, failure, cause };
}

/** The first line that is this deployment's receipt of this phase; the agent appends lines of its own to a failed step's output. */
const readReceipt = (run: PhaseRun, output: string): Receipt | undefined =>
  receiptsIn(output).find(
    (one) =>
      isOf(run, one) && (one.result === 'failed' || phases[run.phase].facts.safeParse(one.facts).success),
  );

function receiptsIn(output: string): Receipt[] {
  return output.split('\n').flatMap((line) => {
    const parsed = line.startsWith('{') ? receiptSchema.safeParse(parseJson(line)) : undefined;
    return parsed?.success ? [parsed.data] : [];
  });
}

/** A script whose parameters did not reach it, as under an old agent, cannot know which deployment it is part of. */
function isOf(run: PhaseRun, receipt: Receipt): boolean {
  if (receipt.phase !== run.phase) return false;
  const anonymous = receipt.result === 'failed' && receipt.failure === 'invalid-parameter';
  return anonymous || receipt.deploymentId === run.deploymentId;
}

/** Whether these are of a command that this deployment sent under another fence: a closing sends the same run again under its own. */
export const isUnderAnotherFence = (run: PhaseRun, invocations: readonly CommandInvocation[]): boolean =>
  invocations
    .flatMap((invocation) => receiptsIn(outputOf(invocation)))
    .some(({ deploymentId, fence }) => deploymentId === run.deploymentId && fence !== run.fence);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not a receipt, and readReceipt says so by finding none
  }
}

function explainStatus(run: PhaseRun, invocation: CommandInvocation, output: string): [FailureId, string] {
  const { Status, StatusDetails } = invocation;
  // The API reference writes "Delivery Timed Out", the service DeliveryTimedOut.
  const details = StatusDetails?.replaceAll(' ', '') ?? '';
  if (unreached.includes(details)) return ['host-unreachable', `SSM says ${StatusDetails}`];
  if (Status === 'TimedOut' && endedEarly(run, invocation))
    return ['phase-interrupted', 'the script was killed before its timeout, by the kernel or by a person'];
  if (Status === 'TimedOut') return ['phase-timed-out', 'the agent killed the script at its timeout'];
  if (Status === 'Cancelled') return ['phase-cancelled', 'the command was cancelled'];
  if (Status === 'Success')
    return ['receipt-missing', `the script ended without its receipt; it printed: ${oneLine(output, 120)}`];
  return [
    'phase-interrupted',
    `the script ended ${StatusDetails ?? Status} without a receipt of failure; it printed: ${oneLine(output, 120)}`,
  ];
}

/** The agent says ExecutionTimedOut of every script that ended with 137, whoever killed it. Source: the agent, observed. */
function endedEarly({ executionSeconds }: PhaseRun, { CommandPlugins = [] }: CommandInvocation): boolean {
  const [step] = CommandPlugins;
  if (!executionSeconds || !step?.ResponseStartDateTime || !step.ResponseFinishDateTime) return false;
  const ran = step.ResponseFinishDateTime.getTime() - step.ResponseStartDateTime.getTime();
  return ran < (executionSeconds - 1) * 1000;
}

function causeOf(run: PhaseRun, failed: HostAnswer[]): string {
  const lines = failed.map(({ host, failure, cause }) => `${host}: ${failure}: ${cause}`);
  return oneLine(`${run.phase} on ${failed.length} of ${run.hosts.length} hosts: ${lines.join('; ')}`, 2000);
}

/** The little that the graph routes by: facts that are true of every host, or of any. */
function summarize(run: PhaseRun, receipts: Receipts): Record<string, unknown> {
  const facts = Object.values(receipts).map((receipt) => ('facts' in receipt ? receipt.facts : {}));
  if (run.phase === 'inspect') return { prepared: facts.every(({ prepared }) => prepared === true) };
  if (run.phase === 'resolve-database') return { mode: facts[0]!.mode, reason: facts[0]!.reason };
  if (run.phase === 'revert')
    return { switched: facts.some(({ switched }) => switched === true), hosts: run.hosts };
  return { hosts: run.hosts.length };
}
