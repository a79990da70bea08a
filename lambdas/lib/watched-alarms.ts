import { paginateDescribeAlarms, type CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { AppSettings } from '../../contracts/app-settings.ts';
import { Failure } from '../../contracts/failure.ts';

export interface AlarmState {
  readonly name: string;
  readonly isRaised: boolean;
  /** Epoch milliseconds at which it came into this state. */
  readonly since: number;
  /** Why, in CloudWatch's words. */
  readonly reason: string;
}

/** Those of the names that there are; a hundred names at most. */
export async function describeAlarms(
  names: readonly string[],
  client: CloudWatchClient,
): Promise<AlarmState[]> {
  const states: AlarmState[] = [];
  const asked = { AlarmNames: [...names], AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const] };
  for await (const { MetricAlarms = [], CompositeAlarms = [] } of paginateDescribeAlarms({ client }, asked))
    for (const alarm of [...MetricAlarms, ...CompositeAlarms])
      states.push({
        name: alarm.AlarmName!,
        isRaised: alarm.StateValue === 'ALARM',
        since: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp)!.getTime(),
        reason: alarm.StateReason ?? 'without a reason',
      });
  return states;
}

/** What a plan says of an app's alarms: one that is raised already says nothing of the new release. */
export async function heededAlarms(
  { name, rollout }: Pick<AppSettings, 'name' | 'rollout'>,
  client: CloudWatchClient,
): Promise<{ readonly alarms?: readonly string[] }> {
  if (rollout.alarms.length === 0) return {};
  const states = await describeAlarms(rollout.alarms, client);
  const missing = rollout.alarms.filter((wanted) => !states.some((state) => state.name === wanted));
  if (missing.length > 0)
    throw new Failure(
      'alarm-not-found',
      `${name} heeds the alarm ${missing.join(', ')}, which CloudWatch does not know: create it, or correct rollout.alarms`,
    );
  return { alarms: states.filter(({ isRaised }) => !isRaised).map((state) => state.name) };
}
