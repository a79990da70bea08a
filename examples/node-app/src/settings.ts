/** never: 503; flaps: 503 every other time; hangs: no answer. */
const sicknesses = ['never', 'flaps', 'hangs'] as const;
export type Sickness = (typeof sicknesses)[number];

/** What the image's configuration and the host's env file tell the app. */
export interface Settings {
  readonly buildVersion: string;
  readonly port: number;
  readonly healthPath: string;
  /** Faults on request: what is wrong with every health path, from the start or from the first request on that is no probe. */
  readonly health?: Sickness;
  readonly healthUnderTraffic?: Sickness;
  /** A fault on request: SIGUSR2 makes the process take memory until it is killed for it. */
  readonly eatsMemoryOnSignal: boolean;
  /** Faults on request: the process dies, without a word, so many milliseconds after ... */
  readonly dieAfterMs?: number;
  readonly dieAfterFirstRequestMs?: number;
}

export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const { BUILD_VERSION, CONTAINER_PORT, HEALTH_PATH } = environment;
  const { HEALTH, HEALTH_UNDER_TRAFFIC, DIE_AFTER_MS, DIE_AFTER_FIRST_REQUEST_MS } = environment;
  const { REPORTED_VERSION, EAT_MEMORY_ON_SIGUSR2 } = environment;
  if (!BUILD_VERSION) throw new Error('BUILD_VERSION is not set: build the image with it');
  return {
    buildVersion: REPORTED_VERSION || BUILD_VERSION,
    port: readNumber('CONTAINER_PORT', CONTAINER_PORT) ?? 80,
    healthPath: HEALTH_PATH || '/health',
    health: readSickness('HEALTH', HEALTH),
    healthUnderTraffic: readSickness('HEALTH_UNDER_TRAFFIC', HEALTH_UNDER_TRAFFIC),
    eatsMemoryOnSignal: EAT_MEMORY_ON_SIGUSR2 === 'true',
    dieAfterMs: readNumber('DIE_AFTER_MS', DIE_AFTER_MS),
    dieAfterFirstRequestMs: readNumber('DIE_AFTER_FIRST_REQUEST_MS', DIE_AFTER_FIRST_REQUEST_MS),
  };
}

function readNumber(name: string, value: string | undefined): number | undefined {
  if (!value) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} is "${value}": a whole number is expected`);
  return Number(value);
}

function readSickness(name: string, value: string | undefined): Sickness | undefined {
  if (!value) return undefined;
  const sickness = sicknesses.find((one) => one === value);
  if (!sickness) throw new Error(`${name} is "${value}": one of ${sicknesses.join(', ')} is expected`);
  return sickness;
}
