import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  DescribeDocumentCommand,
  ListDocumentsCommand,
  SendCommandCommand,
  SSMClient,
  type SendCommandCommandInput,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BusEvent } from '../../../rehearsal/aws/event-bus.ts';
import { createSsm, type SsmFaults, type SsmService } from '../../../rehearsal/aws/ssm.ts';
import { startEndpoint, type TestEndpoint } from '../../support/aws-endpoint.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { ok, ScriptHost } from '../../support/script-host.ts';
import { allow, document, place, resource, role, smallStack } from '../../support/small-stack.ts';

const parameters = {
  color: { type: 'String', interpolationType: 'ENV_VAR', allowedPattern: '^(red|blue)$' },
  size: { type: 'String', default: '1' },
};
const stack = smallStack({
  Paint: document(['echo "$SSM_color"'], parameters),
  Other: document(['true']),
  Painter: role(
    allow('ssm:SendCommand', { 'Fn::Sub': 'arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:document/${Paint}' }),
    allow('ssm:SendCommand', 'arn:aws:ec2:*:*:instance/*', {
      StringEquals: { 'ssm:resourceTag/fleet': 'web' },
    }),
  ),
  Host: role(
    allow('ssm:GetParametersByPath', `arn:aws:ssm:${place.region}:${place.account}:parameter/edgepaas/web`),
  ),
});
const paint = resource(stack, 'Paint').ref;

let clock: ManualClock;
let host: ScriptHost;
let events: Pick<BusEvent, 'detail-type' | 'detail'>[];
let faults: SsmFaults;
let ssm: SsmService;
let endpoint: TestEndpoint;
let client: SSMClient;

beforeEach(async () => {
  clock = new ManualClock();
  host = new ScriptHost();
  events = [];
  faults = {};
  ssm = createSsm({
    stack,
    hosts: [host, new ScriptHost('i-00000000000000002', { fleet: 'other' })],
    clock,
    events: { publish: (event) => void events.push(event) },
    faults: { delivery: (...about) => faults.delivery?.(...about), event: (event) => faults.event?.(event) },
  });
  endpoint = await startEndpoint(stack, [ssm]);
  client = new SSMClient(endpoint.as());
});
afterEach(async () => {
  ssm.close();
  await endpoint.close();
});

async function send(input: Partial<SendCommandCommandInput> = {}): Promise<string> {
  const { Command } = await client.send(
    new SendCommandCommand({
      DocumentName: paint,
      InstanceIds: [host.instanceId],
      Parameters: { color: ['red'] },
      Comment: 'web-1.paint.0',
      ...input,
    }),
  );
  return Command!.CommandId!;
}

async function invocation(CommandId: string) {
  const command = new ListCommandInvocationsCommand({ CommandId, Details: true });
  return (await client.send(command)).CommandInvocations![0]!;
}

describe('a command', () => {
  it('runs on its host, with its parameters in the environment, and shows what was printed', async () => {
    host.answer = () => ({ ...ok, stdout: '{"result":"done"}\n', stderr: 'painting' });
    const id = await send();
    expect(host.runs).toEqual([]);
    await clock.advance(0);
    expect(host.runs[0]).toMatchObject({
      documentName: paint,
      stepName: 'step',
      commandId: id,
      environment: { SSM_color: 'red' },
      script: 'echo "$SSM_color"',
      timeoutSeconds: 3600,
    });
    const { Status, Comment, CommandPlugins } = await invocation(id);
    expect({ Status, Comment }).toEqual({ Status: 'Success', Comment: 'web-1.paint.0' });
    expect(CommandPlugins![0]).toMatchObject({
      Name: 'step',
      ResponseCode: 0,
      Output: '{"result":"done"}\n\n----------ERROR-------\npainting',
    });
  });

  it('has no output before it has finished', async () => {
    let finish = () => undefined as void;
    host.answer = () => new Promise((resolve) => (finish = () => resolve({ ...ok, stdout: 'late' })));
    const id = await send();
    await clock.advance(0);
    expect(await invocation(id)).toMatchObject({ Status: 'InProgress', CommandPlugins: [{ Output: '' }] });
    finish();
    await settle();
    expect(await invocation(id)).toMatchObject({ Status: 'Success', CommandPlugins: [{ Output: 'late' }] });
  });

  it('tells the bus of every change, of the host’s and of its own status', async () => {
    await send();
    await clock.advance(0);
    expect(events.map((event) => [event['detail-type'], event.detail.status])).toEqual([
      ['EC2 Command Invocation Status-change Notification', 'InProgress'],
      ['EC2 Command Status-change Notification', 'InProgress'],
      ['EC2 Command Invocation Status-change Notification', 'Success'],
      ['EC2 Command Status-change Notification', 'Success'],
    ]);
    expect(events.at(-1)!.detail).toMatchObject({ 'document-name': paint, parameters: { color: ['red'] } });
  });

  it('is found by its id with its comment, even when it reached no host', async () => {
    faults.delivery = () => ({ undeliverable: true });
    const id = await send();
    await clock.advance(0);
    const { Commands } = await client.send(new ListCommandsCommand({ CommandId: id }));
    expect(Commands![0]).toMatchObject({ Comment: 'web-1.paint.0', TargetCount: 1 });
    expect(await invocation(id)).toMatchObject({ Status: 'Failed', StatusDetails: 'Undeliverable' });
  });

  it('is unknown to GetCommandInvocation for a moment', async () => {
    const id = await send();
    const get = () =>
      client.send(new GetCommandInvocationCommand({ CommandId: id, InstanceId: host.instanceId }));
    await expect(get()).rejects.toMatchObject({ name: 'InvocationDoesNotExist' });
    await clock.advance(100);
    expect(await get()).toMatchObject({ Status: 'Success', PluginName: 'step', ResponseCode: 0 });
  });
});

describe('a host out of reach', () => {
  it('gets the command when it is back in time', async () => {
    ssm.agents.get(host.instanceId)!.setPing('ConnectionLost');
    const id = await send();
    await clock.advance(60_000);
    expect(await invocation(id)).toMatchObject({ Status: 'Delayed' });
    ssm.agents.get(host.instanceId)!.setPing('Online');
    await settle();
    expect(await invocation(id)).toMatchObject({ Status: 'Success' });
  });

  it('is given up after the delivery and execution timeouts, and never runs it then', async () => {
    ssm.agents.get(host.instanceId)!.setPing('ConnectionLost');
    const id = await send({ TimeoutSeconds: 30 });
    await clock.advance((30 + 3600) * 1000);
    expect(await invocation(id)).toMatchObject({ Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut' });
    ssm.agents.get(host.instanceId)!.setPing('Online');
    await settle();
    expect(host.runs).toEqual([]);
  });

  it('can be reported as not reached although the script ran', async () => {
    faults.delivery = () => ({ resultLost: true });
    const id = await send({ TimeoutSeconds: 30 });
    await clock.advance((30 + 3600) * 1000);
    expect(host.runs).toHaveLength(1);
    expect(await invocation(id)).toMatchObject({ StatusDetails: 'DeliveryTimedOut' });
  });

  it('delivers its result after its agent was killed and is back', async () => {
    const agent = ssm.agents.get(host.instanceId)!;
    host.answer = () => {
      agent.kill();
      return { ...ok, stdout: 'survived' };
    };
    const id = await send();
    await clock.advance(1000);
    expect(await invocation(id)).toMatchObject({ Status: 'InProgress' });
    agent.restart();
    await settle();
    expect(await invocation(id)).toMatchObject({
      Status: 'Success',
      CommandPlugins: [{ Output: 'survived' }],
    });
  });
});

describe('events', () => {
  it('can be lost, doubled with the same id, and late', async () => {
    faults.event = ({ detail }) =>
      detail.status === 'InProgress' ? { drop: true } : { copies: 2, delayMs: 500 };
    await send();
    await clock.advance(0);
    expect(events).toEqual([]);
    await clock.advance(500);
    expect(events.map(({ detail }) => detail.status)).toEqual(['Success', 'Success', 'Success', 'Success']);
    expect(new Set(events.map((event) => (event as BusEvent).id)).size).toBe(2);
  });
});

describe('SendCommand refuses', () => {
  const cases: [string, Partial<SendCommandCommandInput>, string][] = [
    ['an unknown document', { DocumentName: 'Nope' }, 'InvalidDocument'],
    ['an unknown version', { DocumentVersion: '7' }, 'InvalidDocumentVersion'],
    ['an unknown parameter', { Parameters: { color: ['red'], taste: ['x'] } }, 'InvalidParameters'],
    ['a missing parameter', { Parameters: {} }, 'InvalidParameters'],
    ['a value against the pattern', { Parameters: { color: ['green'] } }, 'InvalidParameters'],
    ['a value that matches in part', { Parameters: { color: ['red\nblue'] } }, 'InvalidParameters'],
    ['a value with a line end', { Parameters: { color: ['red\n'] } }, 'InvalidParameters'],
    ['an unknown instance', { InstanceIds: ['i-0000000000000000f'] }, 'InvalidInstanceId'],
    ['a long comment', { Comment: 'x'.repeat(101) }, 'ValidationException'],
    ['a short delivery timeout', { TimeoutSeconds: 29 }, 'ValidationException'],
    [
      'more than fifty instances',
      { InstanceIds: Array(51).fill('i-00000000000000001') },
      'ValidationException',
    ],
    [
      'what the rehearsal does not know',
      { Targets: [{ Key: 'tag:a', Values: ['b'] }] },
      'RehearsalNotSupported',
    ],
  ];
  it.each(cases)('%s', async (_what, input, error) => {
    await expect(send(input)).rejects.toMatchObject({ name: error });
  });
});

describe('IAM', () => {
  const painter = () => new SSMClient(endpoint.as(resource(stack, 'Painter').arn));

  it('lets a role send its document to hosts with the tag', async () => {
    client = painter();
    await expect(send()).resolves.toMatch(/^[0-9a-f-]{36}$/);
  });

  it('refuses another document, by its ARN', async () => {
    client = painter();
    const other = resource(stack, 'Other');
    await expect(send({ DocumentName: other.ref, Parameters: {} })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(
        `is not authorized to perform: ssm:SendCommand on resource: ${other.arn}`,
      ),
    });
  });

  it('refuses a host without the tag', async () => {
    client = painter();
    await expect(send({ InstanceIds: ['i-00000000000000002'] })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('instance/i-00000000000000002'),
    });
  });
});

describe('Parameter Store', () => {
  it('gives a host its path page by page, decrypted only when asked', async () => {
    for (let index = 0; index < 12; index += 1)
      ssm.parameters.put(`/edgepaas/web/P${index}`, `${index}`, 'SecureString');
    const reader = new SSMClient(endpoint.as(resource(stack, 'Host').arn));
    const read = (NextToken?: string, WithDecryption = true) =>
      reader.send(new GetParametersByPathCommand({ Path: '/edgepaas/web', WithDecryption, NextToken }));
    const first = await read();
    const second = await read(first.NextToken);
    expect([...first.Parameters!, ...second.Parameters!].map(({ Value }) => Value).sort()).toHaveLength(12);
    expect(second.NextToken).toBeUndefined();
    expect((await read(undefined, false)).Parameters![0]!.Value).not.toBe('0');
  });

  it('refuses another path', async () => {
    const reader = new SSMClient(endpoint.as(resource(stack, 'Host').arn));
    const other = reader.send(new GetParametersByPathCommand({ Path: '/edgepaas/shop' }));
    await expect(other).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

it('lists the stack’s documents with the version that is the default now', async () => {
  const { DocumentIdentifiers } = await client.send(
    new ListDocumentsCommand({ Filters: [{ Key: 'Owner', Values: ['Self'] }] }),
  );
  expect(DocumentIdentifiers!.map(({ DocumentVersion }) => DocumentVersion)).toEqual(['1', '1']);
  const changed = smallStack({ Paint: document(['echo changed'], parameters) });
  ssm.documents.deploy(changed);
  const { DocumentIdentifiers: after } = await client.send(new ListDocumentsCommand({}));
  expect(after!.find(({ Name }) => Name === paint)!.DocumentVersion).toBe('2');
  const { Document } = await client.send(new DescribeDocumentCommand({ Name: paint, DocumentVersion: '1' }));
  expect(Document).toMatchObject({ DocumentVersion: '1', LatestVersion: '2', DefaultVersion: '2' });
  await send({ DocumentVersion: '1' });
  await clock.advance(0);
  expect(host.runs[0]!.script).toBe('echo "$SSM_color"');
});

it('describes the agents', async () => {
  ssm.agents.get(host.instanceId)!.setPing('ConnectionLost');
  const { InstanceInformationList } = await client.send(
    new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [host.instanceId] }] }),
  );
  expect(InstanceInformationList).toMatchObject([
    { InstanceId: host.instanceId, PingStatus: 'ConnectionLost' },
  ]);
});

it('cancels what has not reached its host', async () => {
  ssm.agents.get(host.instanceId)!.setPing('ConnectionLost');
  const id = await send();
  await clock.advance(0);
  await client.send(new CancelCommandCommand({ CommandId: id }));
  expect(await invocation(id)).toMatchObject({ Status: 'Cancelled' });
  ssm.agents.get(host.instanceId)!.setPing('Online');
  await settle();
  expect(host.runs).toEqual([]);
});

it('answers an action it does not know loudly', async () => {
  const history = client.send(new GetParameterHistoryCommand({ Name: '/x' }));
  await expect(history).rejects.toMatchObject({ name: 'RehearsalNotSupported' });
});

describe('many hosts', () => {
  const hosts = Array.from({ length: 4 }, (_, index) => new ScriptHost(`i-0000000000000001${index}`));
  const ids = hosts.map(({ instanceId }) => instanceId);
  const statuses = async (CommandId: string) => {
    const { CommandInvocations } = await client.send(new ListCommandInvocationsCommand({ CommandId }));
    return CommandInvocations!.map(({ StatusDetails }) => StatusDetails);
  };
  const parent = async (CommandId: string) =>
    (await client.send(new ListCommandsCommand({ CommandId }))).Commands![0]!.StatusDetails;
  beforeEach(() => hosts.forEach((added) => ssm.addHost(added)));

  it('are listed page by page', async () => {
    const id = await send({ InstanceIds: ids });
    const first = await client.send(new ListCommandInvocationsCommand({ CommandId: id, MaxResults: 3 }));
    const { NextToken } = first;
    const second = await client.send(
      new ListCommandInvocationsCommand({ CommandId: id, MaxResults: 3, NextToken }),
    );
    expect([first.CommandInvocations!.length, second.CommandInvocations!.length]).toEqual([3, 1]);
    expect(second.NextToken).toBeUndefined();
  });

  it('can be a success for the command though most were never reached', async () => {
    faults.delivery = (_command, id) => (id === ids[0] ? undefined : { undeliverable: true });
    const id = await send({ InstanceIds: ids });
    await clock.advance(0);
    expect(await statuses(id)).toEqual(['Success', 'Undeliverable', 'Undeliverable', 'Undeliverable']);
    expect(await parent(id)).toBe('Success');
  });

  it('are not asked any more after MaxErrors, and all are when it is 100%', async () => {
    for (const failing of hosts) failing.answer = () => ({ ...ok, exitCode: 1 });
    const stopped = await send({ InstanceIds: ids, MaxConcurrency: '1', MaxErrors: '1' });
    await clock.advance(0);
    expect(await statuses(stopped)).toEqual(['Failed', 'Failed', 'Terminated', 'Terminated']);
    expect(await parent(stopped)).toBe('Failed');
    const asked = await send({ InstanceIds: ids, MaxConcurrency: '100%', MaxErrors: '100%' });
    await clock.advance(0);
    expect(await statuses(asked)).toEqual(['Failed', 'Failed', 'Failed', 'Failed']);
  });
});
