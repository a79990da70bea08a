/** What the image's configuration and the host's env file tell the app. */
export interface Settings {
  readonly buildVersion: string;
  readonly port: number;
  readonly healthPath: string;
  /** A fault on request: every health path answers 503 for ever. */
  readonly neverHealthy: boolean;
  /** Faults on request: the process dies, without a word, so many milliseconds after ... */
  readonly dieAfterMs?: number;
  readonly dieAfterFirstRequestMs?: number;
}

export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { BUILD_VERSION, CONTAINER_PORT, HEALTH_PATH } = environment;
  const { HEALTH, DIE_AFTER_MS, DIE_AFTER_FIRST_REQUEST_MS } = environment;
  if (!BUILD_VERSION) throw new Error('BUILD_VERSION is not set: build the image with it');
  return {
    buildVersion: BUILD_VERSION,
    port: readNumber('CONTAINER_PORT', CONTAINER_PORT) ?? 80,
    healthPath: HEALTH_PATH || '/health',
    neverHealthy: HEALTH === 'never',
    dieAfterMs: readNumber('DIE_AFTER_MS', DIE_AFTER_MS),
    dieAfterFirstRequestMs: readNumber('DIE_AFTER_FIRST_REQUEST_MS', DIE_AFTER_FIRST_REQUEST_MS),
  };
}

function readNumber(name: string, value: string | undefined): number | undefined {
  if (!value) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} is "${value}": a whole number is expected`);
  return Number(value);
}
