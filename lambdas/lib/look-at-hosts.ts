import { InvalidInstanceId, SendCommandCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { AppSettings } from '../../contracts/app-settings.ts';
import { phaseParameters } from '../../contracts/phase.ts';
import { phases } from '../../contracts/phases/index.ts';
import type { DeploymentPlan } from '../../contracts/plan.ts';
import type { AppState } from './app-state.ts';
import { environment } from './clients.ts';
import type { Look } from './host-check.ts';
import { judge, type Judgement } from './judge.ts';
import { readInvocations } from './settle-run.ts';

type Final = Exclude<Judgement, { verdict: 'pending' }>;

/** What hosts said of themselves, and whom nobody has heard of yet. */
export interface Looked {
  readonly answers: ReadonlyMap<string, Final>;
  readonly looks: readonly Look[];
}

/** The least that SendCommand takes: a host that is out of reach now is asked again in a minute. */
const deliverySeconds = 30;
/** SSM gives up delivering after that and the execution timeout, and the script may then still run that long. */
const answerMs = 180_000;
const hostsOfCommand = 50;

/** Asks hosts how they are, by the phase that a deployment begins with. It changes nothing, and takes no lock. */
export async function sendLooks(
  hosts: readonly string[],
  app: AppSettings,
  state: AppState,
  now: number,
  ssm: SSMClient,
): Promise<Looked> {
  const answers = new Map<string, Final>();
  const looks: Look[] = [];
  for (let from = 0; from < hosts.length; from += hostsOfCommand) {
    const wave = hosts.slice(from, from + hostsOfCommand);
    const { commandId, refused } = await send(wave, app, state, ssm);
    for (const host of refused) answers.set(host, unanswered('host-unreachable', 'SSM sends nothing to it'));
    const sent = wave.filter((host) => !refused.includes(host));
    if (commandId) looks.push({ commandId, hosts: sent, sentAt: now });
  }
  return { answers, looks };
}

interface Sent {
  readonly commandId?: string;
  readonly refused: readonly string[];
}

/** SSM refuses all hosts of a command for one instance that is gone: the others are asked without it. */
async function send(
  hosts: readonly string[],
  app: AppSettings,
  state: AppState,
  ssm: SSMClient,
): Promise<Sent> {
  try {
    const { Command } = await ssm.send(new SendCommandCommand(commandFor(hosts, app, state)));
    return { commandId: Command!.CommandId!, refused: [] };
  } catch (error) {
    if (!(error instanceof InvalidInstanceId)) throw error;
    const named: string[] = error.message.match(/m?i-[0-9a-f]+/g) ?? [];
    const refused = hosts.filter((host) => named.includes(host));
    const others = hosts.filter((host) => !refused.includes(host));
    if (refused.length === 0) throw error;
    if (others.length === 0) return { refused };
    const sent = await send(others, app, state, ssm);
    return { ...sent, refused: [...refused, ...sent.refused] };
  }
}

function commandFor(hosts: readonly string[], app: AppSettings, { current, lease }: AppState) {
  const about = { deploymentId: current.deploymentId!, fence: lease!.fence, app };
  // Of a plan inspect asks for no more than that.
  const values = Object.entries(phaseParameters(phases.inspect, about as DeploymentPlan));
  return {
    DocumentName: environment('INSPECT_DOCUMENT'),
    DocumentVersion: '$LATEST',
    InstanceIds: [...hosts],
    Parameters: Object.fromEntries(values.map(([key, value]) => [key, [value]])),
    // No phase run's: whoever is woken by the command's end finds nobody that waits for it.
    Comment: `check of ${app.name}`,
    TimeoutSeconds: deliverySeconds,
    MaxConcurrency: '100%',
    MaxErrors: '100%',
  };
}

/** What has come of the looks; whoever says nothing for too long has answered by that. */
export async function readLooks(
  looks: readonly Look[],
  { current, lease }: AppState,
  now: number,
  ssm: SSMClient,
): Promise<Looked> {
  const answers = new Map<string, Final>();
  const waiting: Look[] = [];
  const inspect = {
    deploymentId: current.deploymentId!,
    phase: 'inspect' as const,
    wave: 0,
    fence: lease!.fence,
    taskToken: '',
  };
  for (const look of looks) {
    const invocations = await readInvocations(look.commandId, ssm);
    for (const host of look.hosts) {
      const judgement = judge({ ...inspect, hosts: [host], since: look.sentAt }, invocations);
      if (judgement.verdict !== 'pending') answers.set(host, judgement);
      else if (now - look.sentAt > answerMs) answers.set(host, silent);
    }
    const hosts = look.hosts.filter((host) => !answers.has(host));
    if (hosts.length > 0) waiting.push({ ...look, hosts });
  }
  return { answers, looks: waiting };
}

const unanswered = (failure: 'host-unreachable' | 'receipt-missing', cause: string): Final => ({
  verdict: 'failure',
  failure,
  cause: `${failure}: ${cause}`,
  receipts: {},
});
const silent = unanswered('receipt-missing', `it has not answered for ${answerMs / 60_000} min`);
