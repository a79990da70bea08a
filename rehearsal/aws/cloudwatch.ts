import type { DeployedStack } from '../assembly-types.ts';
import type { Clock } from '../clock.ts';
import type { EventSink } from './event-bus.ts';
import { list, optionalNumber, optionalText, page, refuseOthers } from './input.ts';
import { refuse, type PermissionCheck, type WireService } from './service.ts';

export type AlarmValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export interface CloudWatchOptions {
  readonly stack: DeployedStack;
  readonly clock: Clock;
  readonly events: EventSink;
}

interface State {
  readonly value: AlarmValue;
  readonly reason: string;
  /** Epoch milliseconds at which it came into this state. */
  readonly since: number;
}

type Input = Record<string, unknown>;

/** CloudWatch's alarms, as far as somebody makes them and says how they are: nothing is measured. */
export class CloudWatchService implements WireService {
  /** As its requests are signed. */
  readonly name = 'monitoring';
  readonly #alarms = new Map<string, State>();
  readonly #options: CloudWatchOptions;

  constructor(options: CloudWatchOptions) {
    this.#options = options;
  }

  async handle(action: string, input: Input): Promise<unknown> {
    return action === 'DescribeAlarms' ? this.#describe(input) : refuse('cloudwatch', action);
  }

  /** Composite alarms are told to those only who may ask for all. Source: CloudWatch API reference, DescribeAlarms. */
  permissions(action: string): PermissionCheck[] {
    return [{ action: `cloudwatch:${action}`, resource: '*' }];
  }

  /** An alarm without data yet. */
  createAlarm(name: string): void {
    const reason = 'Unchecked: Initial alarm creation';
    this.#alarms.set(name, { value: 'INSUFFICIENT_DATA', reason, since: this.#options.clock.now() });
  }

  deleteAlarm(name: string): void {
    this.#alarms.delete(name);
  }

  /** As SetAlarmState does it; a change of the state is an event. */
  setState(name: string, value: AlarmValue, reason: string): void {
    const before = this.#alarms.get(name);
    if (!before) throw new Error(`there is no alarm ${name}`);
    const since = before.value === value ? before.since : this.#options.clock.now();
    const state = { value, reason, since };
    this.#alarms.set(name, state);
    if (before.value !== value) this.#publish(name, state, before);
  }

  /** Source: CloudWatch user guide, "Alarm events and EventBridge". */
  #publish(alarmName: string, state: State, before: State): void {
    this.#options.events.publish({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      resources: [this.#arnOf(alarmName)],
      detail: {
        alarmName,
        state: inEvent(state),
        previousState: inEvent(before),
        configuration: { metrics: [], description: '' },
      },
    });
  }

  #describe(input: Input): unknown {
    const known = ['AlarmNames', 'AlarmTypes', 'MaxRecords', 'NextToken'];
    refuseOthers('DescribeAlarms', input, known);
    const names = list(input, 'AlarmNames');
    const types = list(input, 'AlarmTypes');
    const told = types.length === 0 || types.includes('MetricAlarm') ? [...this.#alarms] : [];
    const { items, NextToken } = page(
      told.filter(([name]) => names.length === 0 || names.includes(name)),
      optionalText(input, 'NextToken'),
      optionalNumber(input, 'MaxRecords') ?? 50,
    );
    const MetricAlarms = items.map(([name, state]) => this.#describeAlarm(name, state));
    return { MetricAlarms, CompositeAlarms: [], NextToken };
  }

  #describeAlarm = (AlarmName: string, { value, reason, since }: State) => ({
    AlarmName,
    AlarmArn: this.#arnOf(AlarmName),
    StateValue: value,
    StateReason: reason,
    StateUpdatedTimestamp: new Date(since),
    StateTransitionedTimestamp: new Date(since),
  });

  #arnOf(name: string): string {
    const { region, account } = this.#options.stack;
    return `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
  }
}

const inEvent = ({ value, reason, since }: State) => ({
  value,
  reason,
  timestamp: new Date(since).toISOString().replace('Z', '+0000'),
});
