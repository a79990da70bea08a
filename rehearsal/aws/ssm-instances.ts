import type { Agent } from '../agent/agent.ts';
import type { Clock } from '../clock.ts';
import { list, optionalNumber, optionalText, page, refuseOthers } from './input.ts';
import { AwsError } from './service.ts';

interface Filter {
  readonly Key: string;
  readonly Values: readonly string[];
}

/** DescribeInstanceInformation over the hosts' agents. */
export function describeInstances(
  input: Record<string, unknown>,
  agents: ReadonlyMap<string, Agent>,
  clock: Clock,
): unknown {
  refuseOthers('DescribeInstanceInformation', input, ['Filters', 'MaxResults', 'NextToken']);
  const filters = list<Filter>(input, 'Filters');
  const matching = [...agents.values()].filter((agent) => filters.every((filter) => matches(agent, filter)));
  const { items, NextToken } = page(
    matching,
    optionalText(input, 'NextToken'),
    optionalNumber(input, 'MaxResults') ?? 10,
  );
  return { InstanceInformationList: items.map((agent) => describe(agent, clock)), NextToken };
}

function matches({ host, pingStatus }: Agent, { Key, Values }: Filter): boolean {
  if (Key === 'InstanceIds') return Values.includes(host.instanceId);
  if (Key === 'PingStatus') return Values.includes(pingStatus);
  if (Key.startsWith('tag:')) return Values.some((value) => value === host.tags[Key.slice(4)]);
  throw new AwsError(
    'InvalidInstanceInformationFilterValue',
    `The rehearsal does not know the filter ${Key}`,
  );
}

const describe = ({ host, pingStatus, version }: Agent, clock: Clock) => ({
  InstanceId: host.instanceId,
  PingStatus: pingStatus,
  LastPingDateTime: new Date(clock.now()),
  AgentVersion: version,
  IsLatestVersion: true,
  PlatformType: 'Linux',
  PlatformName: 'Debian GNU/Linux',
  PlatformVersion: '12',
  ResourceType: 'EC2Instance',
  ComputerName: `${host.instanceId}.rehearsal`,
});
