import type { Outcome } from '../../contracts/outcome.ts';
import { phaseNames, type PhaseName } from '../../contracts/phase-name.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import { historyKey, type PhaseRun } from '../../lambdas/lib/ledger.ts';
import type { Closed } from '../../lambdas/close-deployment.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import { groupBy } from '../group-by.ts';
import type { Rehearsal, Walked } from '../rehearsal.ts';
import { servingOf } from './host-reports.ts';
import type { DeploymentReport, HostReport, PhaseReport } from './report.ts';

interface History {
  readonly request: DeploymentRequest;
  readonly outcome: Outcome;
  readonly closed?: Closed;
}

/** Puts together what the ledger, the execution and the clients say of one deployment. */
export async function describeDeployment(
  rehearsal: Rehearsal,
  title: string,
  walked: Walked,
): Promise<DeploymentReport> {
  const { deployer } = rehearsal;
  const deploymentId = deploymentOf(walked);
  const app = deploymentId.replace(/-[0-9]+$/, '');
  const history = await deployer.ledger.get<History>(historyKey(app, deploymentId));
  const runs = await deployer.ledger.runs(deploymentId);
  const liveAt = factOf(runs, 'switch-traffic', 'liveAt');
  const commands = deployer.ssm.commands.filter(({ comment }) => comment.startsWith(`${deploymentId}.`));
  // The hosts' time is this machine's, whatever AWS's clock has been put ahead by.
  const ahead = rehearsal.clock.now() - Date.now();
  const isBefore = (at: number) => liveAt !== null && at - ahead <= liveAt;
  const entered = walked.execution.handle.history.filter(({ type }) => type.endsWith('StateEntered'));
  const failed = walked.status !== 'SUCCEEDED';
  const hosts = await lookAtHosts(rehearsal);
  return {
    title,
    deploymentId,
    buildVersion: history?.closed?.buildVersion ?? history?.request.buildVersion ?? '',
    digest: history?.closed?.digest ?? '',
    trigger: history?.request.trigger ?? 'manual',
    outcome: history?.outcome ?? 'Failed',
    failureId: failed ? (walked.error ?? null) : null,
    cause: failed ? (walked.cause ?? null) : null,
    phases: phasesOf(runs),
    commandsSent: commands.length,
    commandsUntilLive: liveAt && commands.filter(({ requestedAt }) => isBefore(requestedAt.getTime())).length,
    stateTransitions: walked.execution.result?.stateTransitions ?? 0,
    stateTransitionsUntilLive: liveAt && entered.filter(({ timestamp }) => isBefore(timestamp)).length,
    pushToLiveMs: liveAt && Math.round(liveAt - walked.triggeredAt),
    switchMs: factOf(runs, 'switch-traffic', 'switchMs'),
    warning: history?.closed?.warning ?? null,
    environment: history?.closed?.environment ?? null,
    database: history?.closed?.database ?? null,
    migration: history?.closed?.migration ?? null,
    lost: history?.closed?.lost ?? { requests: 0, status5xx: 0, status499: 0 },
    load: null,
    // Asked without a name, port 80 answers as the first app.
    servingAfterwards: ['none', rehearsal.app.name].includes(app) ? servingOf(hosts) : null,
    hosts,
  };
}

/** Every state's output carries the lease from AcquireLease on. */
export function deploymentOf({ execution }: Walked): string {
  for (const { output } of execution.handle.history) {
    const lease = (output as { lease?: { deploymentId?: string } } | undefined)?.lease;
    if (lease?.deploymentId) return lease.deploymentId;
  }
  return 'none';
}

function phasesOf(runs: PhaseRun[]): PhaseReport[] {
  const walked = runs.filter(({ receipts }) => Object.keys(receipts ?? {}).length > 0);
  walked.sort((one, other) => one.since - other.since || order(one.phase) - order(other.phase));
  const byPhase = groupBy(walked, ({ phase }) => phase);
  return [...byPhase].map(([phase, waves]) =>
    describePhase(
      phase,
      waves.flatMap(({ receipts }) => Object.values(receipts ?? {})),
    ),
  );
}

const order = (phase: PhaseName) => phaseNames.indexOf(phase);

function describePhase(phase: PhaseName, receipts: Receipt[]): PhaseReport {
  const result = receipts.find(({ result }) => result === 'failed')?.result ?? receipts[0]!.result;
  return { phase, ms: Math.max(...receipts.map(({ ms }) => ms)), result };
}

function factOf(runs: PhaseRun[], phase: PhaseName, fact: string): number | null {
  const receipts = runs
    .filter((run) => run.phase === phase)
    .flatMap(({ receipts }) => Object.values(receipts ?? {}));
  const values = receipts.map((receipt) => ('facts' in receipt ? receipt.facts[fact] : undefined));
  const numbers = values.filter((value): value is number => typeof value === 'number');
  return numbers.length > 0 ? Math.max(...numbers) : null;
}

const lookAtHosts = ({ stage }: Rehearsal): Promise<HostReport[]> =>
  Promise.all(
    stage.hosts.map(async (host) => ({
      instanceId: host.instanceId,
      serving: await stage.serving(host),
      load: null,
    })),
  );
