import type { ImageArchitecture, ImageSpec } from './image.ts';

/** The releases that a rehearsal pushes, by what becomes of them. */
export const variants = {
  healthy: (buildVersion: string, extraBytes = 0): ImageSpec => ({ buildVersion, extraBytes }),

  neverHealthy: (buildVersion: string): ImageSpec => ({ buildVersion, environment: { HEALTH: 'never' } }),

  /** From the start: 503 every other time, or no answer at all. */
  sick: (buildVersion: string, health: 'flaps' | 'hangs'): ImageSpec => ({
    buildVersion,
    environment: { HEALTH: health },
  }),

  /** Healthy until it gets traffic, which it goes on to serve well. */
  sickUnderTraffic: (buildVersion: string, health: 'never' | 'flaps' | 'hangs'): ImageSpec => ({
    buildVersion,
    environment: { HEALTH_UNDER_TRAFFIC: health },
  }),

  /** Healthy, but says that it is another release. */
  otherVersion: (buildVersion: string, reported: string): ImageSpec => ({
    buildVersion,
    environment: { REPORTED_VERSION: reported },
  }),

  /** Health checks do not count as its first request: it dies under traffic, after the switch. */
  diesUnderTraffic: (buildVersion: string, afterMs: number): ImageSpec => ({
    buildVersion,
    environment: { DIE_AFTER_FIRST_REQUEST_MS: String(afterMs) },
  }),

  diesAfterStart: (buildVersion: string, afterMs: number): ImageSpec => ({
    buildVersion,
    environment: { DIE_AFTER_MS: String(afterMs) },
  }),

  labelled: (buildVersion: string, architecture: ImageArchitecture): ImageSpec => ({
    buildVersion,
    architecture,
  }),

  notRunnable: (buildVersion: string): ImageSpec => ({ buildVersion, command: ['/does/not/exist'] }),

  withoutCommand: (buildVersion: string): ImageSpec => ({ buildVersion, command: 'none' }),
};
