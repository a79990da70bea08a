import { styleText } from 'node:util';
import type { DeploymentReport, RehearsalReport } from './report.ts';

type Style = Parameters<typeof styleText>[0];
const width = 78;

/** The report as a person reads it at the end of a rehearsal. */
export function printReceipt(report: RehearsalReport, colours: boolean): string {
  const paint = (style: Style, text: string) => (colours ? styleText(style, text) : text);
  const lines = [
    '',
    paint('bold', 'EdgePaaS rehearsal receipt'),
    rule,
    ...report.deployments.flatMap((deployment) => [...describe(deployment, paint), '']),
    ...totals(report),
    rule,
    verdict(report, paint),
    '',
  ];
  return lines.join('\n');
}

const rule = '─'.repeat(width);
type Paint = (style: Style, text: string) => string;

const outcomeStyles = {
  Succeeded: 'green',
  RolledBack: 'yellow',
  Failed: 'yellow',
  Superseded: 'dim',
  Inconsistent: 'red',
} as const;

function describe(deployment: DeploymentReport, paint: Paint): string[] {
  const { title, outcome, buildVersion, digest, trigger } = deployment;
  const outcomeText = paint(outcomeStyles[outcome], outcome);
  return [
    paint('bold', title) + ' '.repeat(Math.max(1, width - title.length - outcome.length)) + outcomeText,
    `  ${buildVersion}  ${digest.slice(0, 19)}  by ${trigger}  ${deployment.deploymentId}`,
    ...cause(deployment),
    `  ${speed(deployment)}`,
    `  ${phases(deployment)}`,
    ...(deployment.load ? [`  ${load(deployment.load, paint)}`] : []),
    ...nginxCount(deployment),
    ...(deployment.servingAfterwards ? [`  port 80 now answers ${deployment.servingAfterwards}`] : []),
  ];
}

const cause = ({ failureId, cause: text }: DeploymentReport) =>
  failureId ? wrap(`  ${failureId}: ${text ?? ''}`, '    ') : [];

function speed(deployment: DeploymentReport): string {
  const {
    pushToLiveMs,
    switchMs,
    commandsSent,
    stateTransitions,
    commandsUntilLive,
    stateTransitionsUntilLive,
  } = deployment;
  const counts = `${commandsSent} commands, ${stateTransitions} state transitions`;
  if (pushToLiveMs === null) return `never live; ${counts}`;
  const untilLive = `(until live ${commandsUntilLive} and ${stateTransitionsUntilLive})`;
  return `live after ${milliseconds(pushToLiveMs)}, switched in ${milliseconds(switchMs ?? 0)}; ${counts} ${untilLive}`;
}

const phases = ({ phases: walked }: DeploymentReport) =>
  wrap(
    walked
      .map(({ phase, ms, result }) => `${phase} ${milliseconds(ms)}${result === 'failed' ? ' failed' : ''}`)
      .join(', '),
    '  ',
  ).join('\n  ');

function load(summary: NonNullable<DeploymentReport['load']>, paint: Paint): string {
  const { requests, failed, resets, truncatedStreams, webSocketsWithoutCloseFrame, p50Ms, p99Ms } = summary;
  const lost = failed + resets + truncatedStreams + webSocketsWithoutCloseFrame;
  const counts = `${failed} failed, ${resets} resets, ${truncatedStreams} streams cut, ${webSocketsWithoutCloseFrame} sockets without close`;
  return `clients: ${requests} requests, ${paint(lost === 0 ? 'green' : 'red', counts)}; p50 ${p50Ms} ms, p99 ${p99Ms} ms`;
}

const nginxCount = ({ lost }: DeploymentReport) =>
  lost.requests > 0
    ? [
        `  nginx:   ${lost.requests} requests since the switch, ${lost.status5xx} with 5xx, ${lost.status499} with 499`,
      ]
    : [];

function totals({ floorMs, ratio, host, hostNote, seconds }: RehearsalReport): string[] {
  const floor =
    floorMs === null
      ? []
      : [
          `The floor here, pull + run + ready + flip by hand: ${milliseconds(floorMs)}; a quiet push took ${ratio} times that.`,
        ];
  const simulated = host === 'simulated' ? wrap(`The host was SIMULATED: ${hostNote ?? ''}`) : [];
  return [
    ...floor,
    `The host was ${host}; ${seconds} s in all. Everything in numbers: rehearsal-report.json`,
    ...simulated,
  ];
}

function verdict({ problems }: RehearsalReport, paint: Paint): string {
  if (problems.length === 0) return paint('green', 'Everything went as it should.');
  return [paint('red', 'Not as it should be:'), ...problems.map((problem) => `  - ${problem}`)].join('\n');
}

/** 12 ms, 1.4 s. */
export const milliseconds = (ms: number) =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

function wrap(text: string, indent = ''): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length > 0 ? indent + word : word);
  }
  return lines;
}
