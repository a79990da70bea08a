import { variants } from '../../../images/variants.ts';
import { isRefused } from '../endings.ts';
import type { Fault } from '../fault.ts';

/** A release that is ill is a fault of its own; in bake it falls ill under traffic, which it goes on to serve. */
export const releaseFaults = {
  'health-never': {
    says: 'health answers 503',
    places: ['start-candidate'],
    promise: isRefused('health-check-failed'),
    release: variants.neverHealthy,
  },
  'health-lost': {
    says: 'health answers 503 under traffic',
    places: ['bake'],
    promise: isRefused('health-check-failed'),
    release: (version) => variants.sickUnderTraffic(version, 'never'),
  },
  'health-flaps': {
    says: 'health flaps',
    places: ['start-candidate'],
    // It does answer 200 in time; that it goes on flapping is seen in bake.
    promise: () => isRefused('health-check-failed')('bake'),
    release: (version) => variants.sick(version, 'flaps'),
  },
  'health-flaps-under-traffic': {
    says: 'health flaps under traffic',
    places: ['bake'],
    promise: isRefused('health-check-failed'),
    release: (version) => variants.sickUnderTraffic(version, 'flaps'),
  },
  'health-hangs': {
    says: 'health hangs',
    places: ['start-candidate'],
    promise: isRefused('health-check-failed'),
    release: (version) => variants.sick(version, 'hangs'),
  },
  'health-hangs-under-traffic': {
    says: 'health hangs under traffic',
    places: ['bake'],
    // The proof of the switch asks for health too, and a client may have come before it.
    promise: isRefused('health-check-failed', 'switch-not-proven'),
    release: (version) => variants.sickUnderTraffic(version, 'hangs'),
    arm: (scene) => scene.whenBegun('switch-traffic', () => void (scene.struckAt = Date.now())),
  },
  'wrong-version': {
    says: 'health answers 200 with the wrong version',
    places: ['start-candidate'],
    promise: isRefused('identity-mismatch'),
    release: (version) => variants.otherVersion(version, 'v0'),
  },
} satisfies Record<string, Fault>;
