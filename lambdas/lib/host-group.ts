import type { EC2Client } from '@aws-sdk/client-ec2';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { describeAgents } from './agents.ts';
import { describeHosts, type Host } from './hosts.ts';

type Tag = Parameters<typeof describeHosts>[0];

/** The running hosts of a tag, and those of them that take commands. */
export interface HostGroup {
  readonly hosts: readonly string[];
  readonly online: readonly string[];
}

/** Looks each group up once, however many apps share it. */
export function hostGroups(clients: { readonly ec2: EC2Client; readonly ssm: SSMClient }) {
  const known = new Map<string, Promise<HostGroup>>();
  return (tag: Tag): Promise<HostGroup> => {
    const key = JSON.stringify([tag.key, tag.value]);
    const found = known.get(key) ?? describeGroup(tag, clients);
    known.set(key, found);
    return found;
  };
}

async function describeGroup(
  tag: Tag,
  { ec2, ssm }: { readonly ec2: EC2Client; readonly ssm: SSMClient },
): Promise<HostGroup> {
  const found = await runningHosts(tag, ec2);
  const agents = await describeAgents(found, ssm);
  const hosts = found.map(({ instanceId }) => instanceId);
  return { hosts, online: hosts.filter((host) => agents.get(host)?.PingStatus === 'Online') };
}

/** Where all are stopped, as for the night, none needs to serve. */
async function runningHosts(tag: Tag, ec2: EC2Client): Promise<readonly Host[]> {
  try {
    return await describeHosts(tag, ec2);
  } catch (error) {
    if ((error as Error).name === 'no-host-found') return [];
    throw error;
  }
}
