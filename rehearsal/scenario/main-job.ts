import { variants } from '../images/variants.ts';
import type { Scenario } from './tell.ts';

/** New bytes in each release, as an app's own layer has them. */
export const newBytes = 1_000_000;

/** The main job: live, replaced under load, refused, brought back, rolled back. */
export const mainJob: Scenario = {
  steps: [
    {
      title: 'A first push to a bare host',
      run: (rehearsal) => rehearsal.push(variants.healthy('v1', newBytes)),
      expect: { outcome: 'Succeeded', serving: 'v1' },
    },
    {
      title: 'The next push',
      load: 'begin',
      run: (rehearsal) => rehearsal.push(variants.healthy('v2', newBytes)),
      expect: { outcome: 'Succeeded', serving: 'v2', nothingLost: true },
    },
    {
      title: 'A release that never becomes healthy',
      run: (rehearsal) => rehearsal.push(variants.neverHealthy('v3')),
      expect: { outcome: 'Failed', failureId: 'health-check-failed', serving: 'v2', nothingLost: true },
    },
    {
      title: 'The release before, by hand',
      run: (rehearsal) => rehearsal.execute({ app: rehearsal.app.name, rollback: true }),
      expect: { outcome: 'Succeeded', serving: 'v1', nothingLost: true },
    },
    {
      title: 'A release that dies seconds after the switch',
      run: (rehearsal) => rehearsal.push(variants.diesUnderTraffic('v4', 1500)),
      expect: { outcome: 'RolledBack', failureId: 'candidate-died', serving: 'v1' },
    },
  ],
};
