import { createHash } from 'node:crypto';
import { ExecutionAlreadyExists, StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { Finding, FindingId } from '../../contracts/finding.ts';
import { environment } from './clients.ts';
import type { HostCheck } from './host-check.ts';

const healed: readonly FindingId[] = ['host-behind', 'host-not-serving'];
/** What a request for it may name. */
const mostHosts = 50;
const mostAttempts = 3;
const attemptsMs = 24 * 3_600_000;

/** Hosts that deploying the current release to them would heal. */
export const healableHosts = (findings: readonly Finding[]): Set<string> =>
  new Set(findings.flatMap(({ finding, host }) => (host && healed.includes(finding) ? [host] : [])));

/**
 * Those that were found so twice in a row, since a container may be between two starts, and were not brought to this release
 * three times within a day already: what drifts again and again needs a person.
 */
export function hostsToHeal(
  found: readonly Finding[],
  known: readonly Finding[],
  { catchUps }: HostCheck,
  now: number,
): string[] {
  const before = healableHosts(known);
  const isTired = (host: string) => recent(catchUps[host] ?? [], now).length >= mostAttempts;
  return [...healableHosts(found)]
    .filter((host) => before.has(host) && !isTired(host))
    .sort()
    .slice(0, mostHosts);
}

const recent = (times: readonly number[], now: number) => times.filter((time) => now - time < attemptsMs);

/** One execution by name for the same attempts: whoever dies before these are written down starts no second one. */
export async function startCatchUp(
  app: string,
  hosts: readonly string[],
  { fence, digest, catchUps }: HostCheck,
  sfn: SFNClient,
): Promise<void> {
  const attempt = JSON.stringify([fence, digest, hosts.map((host) => [host, catchUps[host]])]);
  const hash = createHash('sha256').update(attempt).digest('hex').slice(0, 16);
  try {
    await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: environment('STATE_MACHINE_ARN'),
        name: `catch-up-${app}-${hash}`,
        input: JSON.stringify({ app, catchUp: hosts }),
      }),
    );
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
}

export function withAttempts(
  catchUps: HostCheck['catchUps'],
  hosts: readonly string[],
  now: number,
): HostCheck['catchUps'] {
  const attempts = hosts.map((host) => [host, [...recent(catchUps[host] ?? [], now), now]]);
  return { ...catchUps, ...(Object.fromEntries(attempts) as HostCheck['catchUps']) };
}
