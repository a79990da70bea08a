import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, test } from 'vitest';
import { isOlder, leastAgentVersion, refuseUnreachable, splitByReach } from '../../../lambdas/lib/agents.ts';
import { openWire } from '../support/aws-double.ts';
import { failureOf } from '../support/setup.ts';

describe('an agent’s version', () => {
  test.each([
    ['3.3.2745.0', true],
    ['3.3.2746.0', false],
    ['3.3.2746.1', false],
    ['3.3.2747.0', false],
    ['3.4.0.0', false],
    ['4.0.0.0', false],
    ['3.3.999.0', true],
    ['3.2.9999.9', true],
    ['2.9.9999.9', true],
    ['3.10.0.0', false],
    ['3.3', true],
    ['3.4', false],
    ['3', true],
    ['', true],
    ['0', true],
    ['latest', true],
    ['3.x.0.0', true],
    ['3.3.2746.0.7', false],
  ])('%s is older than the least: %s', (version, expected) => {
    expect(isOlder(version, leastAgentVersion)).toBe(expected);
  });
});

describe('hosts whose agents', () => {
  let wire: Awaited<ReturnType<typeof openWire>>;
  afterEach(() => wire.close());

  const online = (id: string) => ({ InstanceId: id, PingStatus: 'Online', AgentVersion: '3.3.3000.0' });
  const asked: string[][] = [];

  /** Refuses or passes hosts of which SSM says so. It answers two at a time. */
  async function refuse(
    ids: string[],
    agents: { InstanceId: string; PingStatus: string; AgentVersion?: string }[],
  ) {
    asked.length = 0;
    const describeAgents = ({ Filters, NextToken }: Record<string, unknown>) => {
      const wanted = (Filters as { Values: string[] }[])[0]!.Values;
      if (NextToken === undefined) asked.push(wanted);
      const from = Number(NextToken ?? 0);
      const found = agents.filter(({ InstanceId }) => wanted.includes(InstanceId));
      const InstanceInformationList = found.slice(from, from + 2);
      return { InstanceInformationList, ...(from + 2 < found.length && { NextToken: String(from + 2) }) };
    };
    wire = await openWire({ ssm: { DescribeInstanceInformation: describeAgents } });
    const hosts = ids.map((instanceId) => ({
      instanceId,
      architecture: 'x86_64' as const,
      availabilityZone: 'eu-central-1a',
    }));
    refuseUnreachable(await splitByReach(hosts, new SSMClient(wire.config)), 0);
  }

  const ids = (count: number) =>
    Array.from({ length: count }, (_, index) => `i-${String(index).padStart(8, '0')}`);

  test('are all online and new enough are taken, however many pages SSM needs', async () => {
    await refuse(ids(7), ids(7).map(online));
    expect(asked).toHaveLength(1);
  });

  test.each([
    [1, 1],
    [50, 1],
    [51, 2],
    [101, 3],
  ])('number %i are asked for in %i calls of at most 50', async (count, calls) => {
    await refuse(ids(count), ids(count).map(online));
    expect(asked.map(({ length }) => length).every((length) => length <= 50)).toBe(true);
    expect(asked).toHaveLength(calls);
  });

  test('are unknown or lost are named, with what to check', async () => {
    const agents = [
      online('i-1'),
      { InstanceId: 'i-2', PingStatus: 'ConnectionLost', AgentVersion: '3.3.3000.0' },
    ];
    expect(await failureOf(refuse(['i-1', 'i-2', 'i-3'], agents))).toEqual({
      id: 'host-offline',
      message:
        'the SSM agent of i-2, i-3 is not online: check that the instance runs, has its role, and reaches SSM',
    });
  });

  test('are too old are named with their versions, and how to update them', async () => {
    const agents = [
      online('i-1'),
      { ...online('i-2'), AgentVersion: '3.2.1.0' },
      { ...online('i-3'), AgentVersion: undefined },
    ];
    expect(await failureOf(refuse(['i-1', 'i-2', 'i-3'], agents))).toEqual({
      id: 'agent-too-old',
      message: `the SSM agent of i-2 (3.2.1.0), i-3 (undefined) is older than ${leastAgentVersion}: run AWS-UpdateSSMAgent on it`,
    });
  });

  test('are all offline leave room in the line for what to do', async () => {
    const { message } = await failureOf(refuse(ids(1000), []));
    expect(message).toContain('i-00000000, i-00000001, i-00000002 and 997 more');
    expect(message).toMatch(/reaches SSM$/);
  });
});
