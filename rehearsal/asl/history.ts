import type { Clock } from '../clock.ts';
import type { Json } from './json.ts';

export interface HistoryEvent {
  /** From 1 on. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** As GetExecutionHistory names it, such as TaskStateEntered. */
  readonly type: string;
  /** The state it concerns; none for the execution's own events. */
  readonly name?: string;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  /** Of a Map's iteration. */
  readonly index?: number;
  /** Of a Map's items. */
  readonly length?: number;
}

export type HistoryDetail = Omit<HistoryEvent, 'id' | 'timestamp' | 'type'>;

export class History {
  readonly events: HistoryEvent[] = [];
  readonly #clock: Clock;
  readonly #onEvent: (event: HistoryEvent) => void;

  constructor(clock: Clock, onEvent: (event: HistoryEvent) => void = () => {}) {
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  record(type: string, detail: HistoryDetail = {}): HistoryEvent {
    const event = { id: this.events.length + 1, timestamp: this.#clock.now(), type, ...detail };
    this.events.push(event);
    this.#onEvent(event);
    return event;
  }
}
