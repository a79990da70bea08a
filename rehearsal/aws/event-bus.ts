/** An event on the default bus, as EventBridge delivers it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What services of the rehearsal tell the default bus. */
export interface EventSink {
  publish(event: Pick<BusEvent, 'source' | 'detail-type' | 'detail'> & Partial<BusEvent>): void;
}
