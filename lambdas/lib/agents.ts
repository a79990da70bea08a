import {
  paginateDescribeInstanceInformation,
  type InstanceInformation,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { Failure } from '../../contracts/failure.ts';
import { nameSome, type Host } from './hosts.ts';

/** The first agent that hands parameters over as environment. Source: interpolationType in the SSM document reference. */
export const leastAgentVersion = '3.3.2746.0';

const pageSize = 50;

/** Hosts whose agent takes commands now, and those that are out of reach. */
export interface Reach {
  readonly online: readonly Host[];
  readonly offline: readonly Host[];
}

/** Agents of hosts that are online must be new enough; all that are not are named at once. */
export async function splitByReach(hosts: readonly Host[], client: SSMClient): Promise<Reach> {
  const agents = await describeAgents(hosts, client);
  const isOnline = ({ instanceId }: Host) => agents.get(instanceId)?.PingStatus === 'Online';
  const online = hosts.filter(isOnline);
  refuseOld(online, agents);
  return { online, offline: hosts.filter((host) => !isOnline(host)) };
}

/** So many hosts may be out of reach, never all of them. */
export function refuseUnreachable({ online, offline }: Reach, most: number): void {
  if (offline.length <= most && online.length > 0) return;
  const isLimited = most > 0 && most < Infinity;
  const limit = isLimited
    ? `, and ${most} at most may be left out (rollout.unavailableHosts), never all`
    : '';
  throw new Failure(
    'host-offline',
    `the SSM agent of ${nameSome(idsOf(offline))} is not online${limit}: check that the instance runs, has its role, and reaches SSM`,
  );
}

export type Agents = ReadonlyMap<string | undefined, InstanceInformation>;

const idsOf = (hosts: readonly Host[]) => hosts.map(({ instanceId }) => instanceId);

function refuseOld(hosts: readonly Host[], agents: Agents): void {
  const versionOf = (id: string) => agents.get(id)?.AgentVersion;
  const old = idsOf(hosts).filter((id) => isOlder(versionOf(id) ?? '0', leastAgentVersion));
  if (old.length === 0) return;
  throw new Failure(
    'agent-too-old',
    `the SSM agent of ${nameSome(old.map((id) => `${id} (${versionOf(id)})`))} is older than ${leastAgentVersion}: run AWS-UpdateSSMAgent on it`,
  );
}

export async function describeAgents(hosts: readonly Host[], client: SSMClient): Promise<Agents> {
  const ids = idsOf(hosts);
  const pages = Array.from({ length: Math.ceil(ids.length / pageSize) }, (_, page) =>
    ids.slice(page * pageSize, (page + 1) * pageSize),
  );
  const agents = await Promise.all(pages.map((page) => describe(page, client)));
  return new Map(agents.flat().map((agent) => [agent.InstanceId, agent]));
}

async function describe(ids: string[], client: SSMClient): Promise<InstanceInformation[]> {
  const agents: InstanceInformation[] = [];
  for await (const page of paginateDescribeInstanceInformation(
    { client },
    { Filters: [{ Key: 'InstanceIds', Values: ids }], MaxResults: pageSize },
  ))
    agents.push(...(page.InstanceInformationList ?? []));
  return agents;
}

/** Compares dotted numbers part by part; what is no number counts as the oldest. */
export function isOlder(version: string, least: string): boolean {
  const parse = (text: string) => text.split('.').map((part) => Number(part) || 0);
  const [have, want] = [parse(version), parse(least)];
  const differing = want.findIndex((part, index) => part !== (have[index] ?? 0));
  return differing >= 0 && (have[differing] ?? 0) < want[differing]!;
}
