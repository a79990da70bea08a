import { styleText } from 'node:util';
import { lostOf } from './host-reports.ts';
import { inColumns, milliseconds, rule, together, width, wrap } from './layout.ts';
import type { DeploymentReport, HostReport, LoadSummary, PhaseReport, RehearsalReport } from './report.ts';

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** The report as a person reads it at the end of a rehearsal, in at most 80 columns. */
export function printReceipt(report: RehearsalReport, colours: boolean): string {
  // The caller knows whether it is for a terminal; styleText would look at this process's stdout.
  const paint: Paint = (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
  const lines = [
    '',
    paint('bold', 'EdgePaaS rehearsal receipt'),
    rule,
    ...report.deployments.flatMap((deployment) => [...describe(deployment, paint), '']),
    ...totals(report),
    rule,
    ...verdict(report, paint),
  ];
  return lines.join('\n');
}

const outcomeStyles = {
  Succeeded: 'green',
  RolledBack: 'yellow',
  Failed: 'yellow',
  Superseded: 'dim',
  Inconsistent: 'red',
} as const;

function describe(deployment: DeploymentReport, paint: Paint): string[] {
  const { title, outcome, buildVersion, digest, trigger, deploymentId, servingAfterwards } = deployment;
  const space = ' '.repeat(Math.max(1, width - title.length - outcome.length));
  return [
    paint('bold', title) + space + paint(outcomeStyles[outcome], outcome),
    ...wrap(`  ${buildVersion}  ${digest.slice(0, 19)}  by ${trigger}  ${deploymentId}`, '    '),
    ...cause(deployment),
    ...speed(deployment),
    ...inColumns(deployment.phases.map(phase), 3),
    ...data(deployment),
    ...clients(deployment, paint),
    ...nginxCount(deployment),
    ...(servingAfterwards ? wrap(`  port 80 now answers ${servingAfterwards}`, '    ') : []),
  ];
}

/** Which environment, which database, which schema. */
function data({ environment, database, migration, warning }: DeploymentReport): string[] {
  const env =
    environment &&
    `${environment.parameters} parameters, fingerprint ${environment.fingerprint.slice(0, 12)}`;
  const mode = database && `${database.mode} (${database.reason})`;
  return [
    ...(env && environment.parameters > 0 ? wrap(`  environment: ${env}`, '    ') : []),
    ...(mode ? wrap(`  database: ${mode}`, '    ') : []),
    ...(migration ? wrap(`  migration: ${schema(migration)}`, '    ') : []),
    ...(warning ? wrap(`  warning: ${warning}`, '    ') : []),
  ];
}

function schema({ skipped, from, to, live }: NonNullable<DeploymentReport['migration']>): string {
  if (skipped) return `skipped, ${skipped}`;
  return `from ${from || 'an empty database'} to ${to}; the live release: ${live}`;
}

const cause = ({ failureId, cause: text }: DeploymentReport) =>
  failureId ? wrap(`  ${failureId}: ${text ?? ''}`, '    ') : [];

function speed(deployment: DeploymentReport): string[] {
  const { pushToLiveMs, switchMs, commandsSent, stateTransitions } = deployment;
  const inAll = `${commandsSent} commands, ${stateTransitions} state transitions`;
  if (pushToLiveMs === null) return [`  never live; ${inAll}`];
  const { commandsUntilLive, stateTransitionsUntilLive } = deployment;
  return [
    `  live after ${milliseconds(pushToLiveMs)}, switched in ${milliseconds(switchMs ?? 0)}`,
    `  ${inAll}; until live ${commandsUntilLive} and ${stateTransitionsUntilLive}`,
  ];
}

function phase({ phase: name, ms, result }: PhaseReport): string {
  return `  ${name.padEnd(15)}${milliseconds(ms).padStart(7)}${result === 'failed' ? '✗' : ''}`;
}

function clients({ load, hosts, outcome }: DeploymentReport, paint: Paint): string[] {
  if (!load) return [];
  const { p50Ms, p99Ms } = load;
  const style = lostOf(load) === 0 ? 'green' : outcome === 'RolledBack' ? 'yellow' : 'red';
  const text = `  clients: ${counted(load)}; ${latency(p50Ms, p99Ms)}`;
  const lines = wrap(text, '           ').map((line, index) => (index === 0 ? paint(style, line) : line));
  return [...lines, ...(hosts.length > 1 ? hosts.flatMap(losing) : [])];
}

/** A host of several whose clients lost something. */
const losing = ({ instanceId, load }: HostReport) =>
  load && lostOf(load) > 0 ? wrap(`           on ${instanceId} ${counted(load)}`, '             ') : [];

const counted = (load: LoadSummary) => `${together(`${load.requests} requests,`)} ${losses(load)}`;

function losses({ failed, resets, truncatedStreams, webSocketsWithoutCloseFrame }: LoadSummary): string {
  const counts = [
    `${failed} failed`,
    `${resets} resets`,
    `${truncatedStreams} streams cut`,
    `${webSocketsWithoutCloseFrame} sockets without close`,
  ];
  return counts.map(together).join(', ');
}

const latency = (p50Ms: number, p99Ms: number) =>
  `${together(`p50 ${milliseconds(p50Ms)}`)}, ${together(`p99 ${milliseconds(p99Ms)}`)}`;

function nginxCount({ lost: { requests, status5xx, status499 } }: DeploymentReport): string[] {
  if (requests === 0) return [];
  return [`  nginx:   ${requests} requests since the switch, ${status5xx} with 5xx, ${status499} with 499`];
}

function totals({ floorMs, ratio, host, hostNote, seconds }: RehearsalReport): string[] {
  const numbers = 'Everything in numbers: rehearsal-report.json';
  if (host === 'simulated')
    return wrap(
      `The host was SIMULATED: ${hostNote}. No client asked it anything, and its times are a model's. ${seconds} s in all. ${numbers}`,
    );
  const byHand =
    floorMs === null ? [] : [`The floor, by hand here (pull, run, ready, flip): ${milliseconds(floorMs)}`];
  const times = ratio === null ? [] : [`A quiet push took ${ratio} times that.`];
  return [...byHand, ...times, ...wrap(`The host was real; ${seconds} s in all. ${numbers}`)];
}

function verdict({ problems }: RehearsalReport, paint: Paint): string[] {
  if (problems.length === 0) return [paint('green', 'Everything went as it should.')];
  return [paint('red', 'Not as it should be:'), ...problems.flatMap((problem) => wrap(`- ${problem}`, '  '))];
}
