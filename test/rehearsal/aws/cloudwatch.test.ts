import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { expect, test, onTestFinished } from 'vitest';
import type { DeployedStack } from '../../../rehearsal/assembly-types.ts';
import { CloudWatchService } from '../../../rehearsal/aws/cloudwatch.ts';
import type { BusEvent } from '../../../rehearsal/aws/event-bus.ts';
import { createCredentials } from '../../../rehearsal/aws/wire-credentials.ts';
import { createWire } from '../../../rehearsal/aws/wire.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { readEvent } from '../../lambdas/support/fixture.ts';

const stack = { region: 'eu-central-1', account: '123456789012' } as DeployedStack;

async function open() {
  const clock = new ManualClock();
  const published: Partial<BusEvent>[] = [];
  const events = { publish: (event: Partial<BusEvent>) => void published.push(event) };
  const service = new CloudWatchService({ stack, clock, events });
  const credentials = createCredentials();
  const asked: string[] = [];
  const authorizer = {
    authorize: (_: string, checks: readonly { action: string }[]) =>
      void asked.push(...checks.map(({ action }) => action)),
  };
  const wire = await createWire({ services: [service], credentials, authorizer }).listen();
  const client = new CloudWatchClient({
    endpoint: wire.url,
    region: stack.region,
    credentials: credentials.credentialsFor('rehearsal'),
    maxAttempts: 1,
  });
  onTestFinished(() => (client.destroy(), wire.close()));
  return { clock, service, client, published, asked };
}

test('tells of alarms by name what the SDK reads: state, reason, and since when', async () => {
  const { clock, service, client, asked } = await open();
  for (const name of ['web-errors', 'other']) service.createAlarm(name);
  const since = clock.now();
  service.setState('web-errors', 'ALARM', 'Threshold Crossed');
  const { MetricAlarms } = await client.send(
    new DescribeAlarmsCommand({ AlarmNames: ['web-errors', 'none'] }),
  );
  expect(MetricAlarms).toMatchObject([
    {
      AlarmName: 'web-errors',
      AlarmArn: 'arn:aws:cloudwatch:eu-central-1:123456789012:alarm:web-errors',
      StateValue: 'ALARM',
      StateReason: 'Threshold Crossed',
      StateTransitionedTimestamp: new Date(since),
    },
  ]);
  expect(asked).toEqual(['cloudwatch:DescribeAlarms']);
});

test('tells of more than a page holds', async () => {
  const { service, client } = await open();
  for (let index = 0; index < 60; index += 1) service.createAlarm(`alarm-${index}`);
  const first = await client.send(new DescribeAlarmsCommand({}));
  expect(first.MetricAlarms).toHaveLength(50);
  const second = await client.send(new DescribeAlarmsCommand({ NextToken: first.NextToken }));
  expect(second.MetricAlarms).toHaveLength(10);
  expect(second.NextToken).toBeUndefined();
});

test('publishes a change of state as AWS writes it, and nothing when the state stays', async () => {
  const { service, published } = await open();
  service.createAlarm('web-errors');
  service.setState('web-errors', 'ALARM', 'Threshold Crossed');
  service.setState('web-errors', 'ALARM', 'still');
  expect(published).toHaveLength(1);
  const real = readEvent<BusEvent>('cloudwatch-alarm-raised');
  const shapeOf = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? Object.keys(value).sort() : typeof value;
  for (const key of ['source', 'detail-type', 'resources'] as const)
    expect(published[0]![key]).toEqual(real[key]);
  expect(shapeOf(published[0]!.detail)).toEqual(shapeOf(real.detail));
  expect(published[0]!.detail).toMatchObject({
    alarmName: 'web-errors',
    state: { value: 'ALARM', timestamp: expect.stringMatching(/\+0000$/) as string },
    previousState: { value: 'INSUFFICIENT_DATA' },
  });
});

test('refuses what it does not know', async () => {
  const { client } = await open();
  await expect(client.send(new PutMetricDataCommand({ Namespace: 'x', MetricData: [] }))).rejects.toThrow(
    /does not implement PutMetricData/,
  );
});
