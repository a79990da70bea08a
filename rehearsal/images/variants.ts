import type { ImageArchitecture, ImageSpec } from './image.ts';

/** The releases that a rehearsal pushes, by what becomes of them. */
export const variants = {
  healthy: (buildVersion: string, extraBytes = 0): ImageSpec => ({ buildVersion, extraBytes }),

  neverHealthy: (buildVersion: string): ImageSpec => ({ buildVersion, environment: { HEALTH: 'never' } }),

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
