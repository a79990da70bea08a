import { variants } from '../../images/variants.ts';
import { newBytes } from '../main-job.ts';
import type { Step } from '../tell.ts';
import { hostsAsked, oneAfterTheOther } from './order.ts';

/** The canary first: a release that it takes, and one that it refuses. */
export const waves: Step[] = [
  {
    title: 'A first push to three bare hosts',
    run: (rehearsal) => rehearsal.push(variants.healthy('v1', newBytes)),
    expect: { outcome: 'Succeeded', serving: 'v1' },
    check: oneAfterTheOther,
  },
  {
    title: 'The next push, the canary first',
    load: 'begin',
    run: (rehearsal) => rehearsal.push(variants.healthy('v2', newBytes)),
    expect: { outcome: 'Succeeded', serving: 'v2', nothingLost: true },
    check: oneAfterTheOther,
  },
  {
    title: 'A release that the canary refuses',
    inTests: false,
    run: (rehearsal) => rehearsal.push(variants.neverHealthy('v3')),
    expect: { outcome: 'Failed', failureId: 'health-check-failed', serving: 'v2', nothingLost: true },
    check: async (rehearsal, { deploymentId }) => {
      const asked = hostsAsked(rehearsal, deploymentId, 'start-candidate');
      const [canary] = rehearsal.stage.hosts;
      return asked.join() === canary.instanceId ? [] : [`${asked.join(', ')} were asked to start it`];
    },
  },
];
