import type { AppSettings } from '../../contracts/app-settings.ts';
import { runIdOf, type CurrentRelease, type Ledger } from '../../lambdas/lib/ledger.ts';
import { HostDownError, type RehearsalHost } from '../host/host.ts';
import type { Rehearsal } from '../rehearsal.ts';
import { claimOf, readHistory, type Claim, type Deployment } from './claims.ts';
import { lookAtHost, type HostView } from './look-at-host.ts';

type Current = Partial<CurrentRelease>;

/**
 * While nothing is deployed: compares outcomes, the ledger's current release, each host's containers and what its Nginx serves. A
 * sentence for every contradiction. A host that is down says nothing, and so contradicts nothing.
 */
export async function agree({ deployer, stage, app }: Rehearsal): Promise<string[]> {
  const { ledger } = deployer;
  const deployments = await readHistory(app.name, ledger);
  const current: Current = (await ledger.current(app.name)) ?? {};
  const statusOf = (arn: string) =>
    deployer.states.executions().find((execution) => execution.arn === arn)?.result?.status;
  const hosts = stage.hosts.map(async (host) =>
    (await contradictionsOn(host, app, deployments, current)).map((found) => `${host.instanceId}: ${found}`),
  );
  return [
    ...(await leftOpen(app.name, ledger)),
    ...deployments.flatMap((deployment) => wronglyEnded(deployment, statusOf)),
    ...notWhatWentLive(deployments, current),
    ...(await Promise.all(hosts)).flat(),
  ];
}

async function leftOpen(app: string, ledger: Ledger): Promise<string[]> {
  return (await ledger.open()).flatMap((item) => {
    if ('phase' in item) return [`${runIdOf(item)} still waits for an answer`];
    return item.app === app ? [`the lease of ${item.deploymentId} is not free`] : [];
  });
}

/** The execution's own status: SUCCEEDED for Succeeded and Superseded, FAILED otherwise. */
function wronglyEnded(
  { deploymentId, outcome, closedBy }: Deployment,
  statusOf: (arn: string) => string | undefined,
): string[] {
  if (outcome === 'Running' || !closedBy) return [`the history says that ${deploymentId} has no end`];
  const status = statusOf(closedBy);
  const expected = ['Succeeded', 'Superseded'].includes(outcome) ? 'SUCCEEDED' : 'FAILED';
  return status === expected ? [] : [`${deploymentId} is ${outcome}, and its execution is ${status}`];
}

function notWhatWentLive(deployments: readonly Deployment[], { digest }: Current): string[] {
  const live = deployments.find(({ outcome, request }) => outcome === 'Succeeded' && !request.catchUp);
  if (live?.closed?.digest === digest) return [];
  return [
    `the ledger's current release is ${digest}, and ${live?.deploymentId} left ${live?.closed?.digest}`,
  ];
}

async function contradictionsOn(
  host: RehearsalHost,
  app: AppSettings,
  deployments: readonly Deployment[],
  current: Current,
): Promise<string[]> {
  const claim = claimOf(host.instanceId, deployments);
  try {
    const view = await lookAtHost(host, app);
    return [...inItself(view), ...againstClaim(view, claim, current)];
  } catch (error) {
    if (error instanceof HostDownError) return [];
    throw error;
  }
}

/** Flags, containers and Nginx against each other. */
function inItself(view: HostView): string[] {
  const { flag, containers, answeredBy, status, nginxWouldStart, forgotten } = view;
  const stray = (['blue', 'green'] as const).filter((slot) => slot !== flag && containers[slot]?.running);
  const healthy = flag === 'none' ? status === 503 || status === 0 : status === 200;
  return [
    ...(flag !== 'none' && !containers[flag]?.running ? [`nothing runs on ${flag}, which is live`] : []),
    ...(answeredBy === flag ? [] : [`traffic goes to ${flag}, and port 80 answers from ${answeredBy}`]),
    ...(healthy ? [] : [`port 80 answers ${status}`]),
    ...stray.map((slot) => `a container runs on ${slot}, which is idle`),
    ...(nginxWouldStart ? [] : ['Nginx would not start again']),
    ...forgotten.map((id) => `container ${id} runs, and Docker does not know it`),
  ];
}

function againstClaim(view: HostView, claim: Claim | undefined, { digest, buildVersion }: Current): string[] {
  const { flag, containers, version } = view;
  const serves = flag === 'none' ? 'nothing' : (containers[flag]?.digest ?? 'no container');
  const said = claim?.serves ?? 'nothing';
  const isOther = serves === digest && version !== '' && version !== buildVersion;
  return [
    ...(said === 'unknown' || said === serves
      ? []
      : [`serves ${serves}, and ${claim?.deploymentId} says ${said}`]),
    ...(claim?.isCurrent && serves !== (digest ?? 'nothing')
      ? [`serves ${serves}, and the current release is ${digest}`]
      : []),
    ...(isOther ? [`answers as ${version}, and the current release is ${buildVersion}`] : []),
  ];
}
