/** Every kind of traffic, as constant open-loop rates: slow answers do not slow the next requests down. */
export interface Rates {
  readonly keepAliveGetsPerSecond: number;
  readonly newConnectionGetsPerSecond: number;
  readonly postsPerSecond: number;
  readonly slowGetsPerSecond: number;
  /** How long the app takes to answer a slow GET. */
  readonly slowMs: number;
  readonly uploadsPerSecond: number;
  /** How long the client takes to send an upload. */
  readonly uploadMs: number;
  readonly eventStreams: number;
  readonly webSockets: number;
}

/** The load under which zero-downtime deployment was measured, so that figures can be compared. */
export const defaultRates: Rates = {
  keepAliveGetsPerSecond: 200,
  newConnectionGetsPerSecond: 100,
  postsPerSecond: 50,
  slowGetsPerSecond: 2,
  slowMs: 5000,
  uploadsPerSecond: 1,
  uploadMs: 3000,
  eventStreams: 3,
  webSockets: 3,
};

export const loadKinds = [
  'keepAliveGet',
  'newConnectionGet',
  'post',
  'slowGet',
  'upload',
  'eventStream',
  'webSocket',
] as const;
export type LoadKind = (typeof loadKinds)[number];

/** Kinds whose latency is the server's and the network's; the others last as long as they are meant to. */
export const quickKinds: readonly LoadKind[] = ['keepAliveGet', 'newConnectionGet', 'post'];
