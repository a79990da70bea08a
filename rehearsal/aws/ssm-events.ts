import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { BusEvent, EventSink } from './event-bus.ts';
import type { Command } from './ssm-command.ts';
import type { Invocation } from './ssm-invocation.ts';

/** What happens to an event: status events are best effort, at least once, and in no order. */
export interface EventFate {
  /** Never delivered. */
  readonly drop?: boolean;
  /** Delivered so many times; 1 unless said. */
  readonly copies?: number;
  readonly delayMs?: number;
}

export type StatusEvent = Pick<BusEvent, 'id' | 'source' | 'detail-type' | 'detail' | 'resources'>;

/** Tells the bus about commands and their invocations. */
export class StatusEvents {
  readonly #sink: EventSink;
  readonly #clock: Clock;
  readonly #fateOf: (event: StatusEvent) => EventFate | undefined;

  constructor(sink: EventSink, clock: Clock, fateOf: (event: StatusEvent) => EventFate | undefined) {
    this.#sink = sink;
    this.#clock = clock;
    this.#fateOf = fateOf;
  }

  /** `EC2 Command Invocation Status-change Notification` */
  invocation(command: Command, { instanceId, status }: Invocation, instanceArn: string): void {
    this.#publish('EC2 Command Invocation Status-change Notification', [instanceArn], {
      'command-id': command.commandId,
      'document-name': command.stored.name,
      'instance-id': instanceId,
      'requested-date-time': command.requestedAt.toISOString(),
      status,
    });
  }

  /** `EC2 Command Status-change Notification`; it carries the parameters' values. */
  command(command: Command): void {
    this.#publish('EC2 Command Status-change Notification', [], {
      'command-id': command.commandId,
      'document-name': command.stored.name,
      'expire-after': command.expiresAfter.toISOString(),
      parameters: command.parameters,
      'requested-date-time': command.requestedAt.toISOString(),
      status: command.status,
    });
  }

  #publish(type: string, resources: readonly string[], detail: Record<string, unknown>): void {
    const event = { id: randomUUID(), source: 'aws.ssm', 'detail-type': type, resources, detail };
    const { drop = false, copies = 1, delayMs = 0 } = this.#fateOf(event) ?? {};
    if (drop) return;
    const deliver = () => {
      for (let copy = 0; copy < copies; copy += 1) this.#sink.publish(event);
    };
    if (delayMs > 0) this.#clock.after(delayMs, deliver);
    else deliver();
  }
}
