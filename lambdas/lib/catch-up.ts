import { createHash } from 'node:crypto';
import { ExecutionAlreadyExists, StartExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { Finding, FindingId } from '../../contracts/finding.ts';
import { environment } from './clients.ts';
import type { HostCheck } from './host-check.ts';

const healed: readonly FindingId[] = ['host-behind', 'host-not-serving'];
/** What a request for it may name. */
const mostHosts = 50;
const minute = 60_000;
/** Before each attempt within a day, since the one before: what keeps a host from being healed, such as a registry, may be away for a while. */
const pauses: readonly number[] = [0, 5 * minute, 60 * minute];
const attemptsMs = 24 * 60 * minute;

/** Hosts that deploying the current release to them would heal. */
export const healableHosts = (findings: readonly Finding[]): Set<string> =>
  new Set(findings.flatMap(({ finding, host }) => (host && healed.includes(finding) ? [host] : [])));

/**
 * Those that were found so twice in a row, since a container may be between two starts, and were not brought to this release
 * three times within a day already: what drifts again and again needs a person. The hosts of a catch-up share its fate, so together go
 * only those that were not tried yet; afterwards each goes alone, so that one that cannot be healed keeps no other from it.
 */
export function hostsToHeal(
  found: readonly Finding[],
  known: readonly Finding[],
  { catchUps }: HostCheck,
  now: number,
): string[] {
  const before = healableHosts(known);
  const attemptsOf = (host: string) => recent(catchUps[host] ?? [], now);
  const hosts = [...healableHosts(found)]
    .filter((host) => before.has(host) && isDue(attemptsOf(host), now))
    .sort((one, other) => attemptsOf(one).length - attemptsOf(other).length || one.localeCompare(other));
  const untried = hosts.filter((host) => attemptsOf(host).length === 0);
  return untried.length > 0 ? untried.slice(0, mostHosts) : hosts.slice(0, 1);
}

const isDue = (attempts: readonly number[], now: number) =>
  now - (attempts.at(-1) ?? 0) >= (pauses[attempts.length] ?? Infinity);

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

/** Those of a day, with the ones that begin now: hosts that are gone leave nothing behind. */
export function withAttempts(
  catchUps: HostCheck['catchUps'],
  hosts: readonly string[],
  now: number,
): HostCheck['catchUps'] {
  const kept = Object.entries(catchUps).map(([host, times]) => [host, recent(times, now)] as const);
  const next = new Map(kept.filter(([, times]) => times.length > 0));
  for (const host of hosts) next.set(host, [...(next.get(host) ?? []), now]);
  return Object.fromEntries(next);
}
