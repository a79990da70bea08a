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

/** Every host's agent must be online and new enough; all that are not are named at once. */
export async function refuseUnreachable(hosts: Host[], client: SSMClient): Promise<void> {
  const ids = hosts.map(({ instanceId }) => instanceId);
  const pages = Array.from({ length: Math.ceil(ids.length / pageSize) }, (_, page) =>
    ids.slice(page * pageSize, (page + 1) * pageSize),
  );
  const agents = new Map(
    (await Promise.all(pages.map((page) => describe(page, client))))
      .flat()
      .map((agent) => [agent.InstanceId, agent]),
  );
  const offline = ids.filter((id) => agents.get(id)?.PingStatus !== 'Online');
  if (offline.length > 0)
    throw new Failure(
      'host-offline',
      `the SSM agent of ${nameSome(offline)} is not online: check that the instance runs, has its role, and reaches SSM`,
    );
  const old = ids.filter((id) => isOlder(agents.get(id)!.AgentVersion ?? '0', leastAgentVersion));
  if (old.length > 0)
    throw new Failure(
      'agent-too-old',
      `the SSM agent of ${nameSome(old.map((id) => `${id} (${agents.get(id)!.AgentVersion})`))} is older than ${leastAgentVersion}: run AWS-UpdateSSMAgent on it`,
    );
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
