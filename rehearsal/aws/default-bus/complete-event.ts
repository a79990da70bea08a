import { randomUUID } from 'node:crypto';
import type { DeployedStack } from '../../assembly-types.ts';
import type { BusEvent, EventSink } from '../event-bus.ts';

type Published = Parameters<EventSink['publish']>[0];

/** Gives an event what EventBridge adds to it; times are whole seconds there. */
export function completeEvent(event: Published, { account, region }: DeployedStack, now: number): BusEvent {
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  return { version: '0', id: randomUUID(), account, time, region, resources: [], ...event };
}
