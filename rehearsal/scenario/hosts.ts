import { comings } from './hosts/comings.ts';
import { lastWave } from './hosts/last-wave.ts';
import { waves } from './hosts/waves.ts';
import type { Scenario } from './tell.ts';

/** Three hosts that take releases one after the other: waves, a failure in the last one, and hosts that go and come. */
export const hostsScenario: Scenario = {
  // For each host: with three of them both cores have room for what is deployed under it.
  rates: {
    keepAliveGetsPerSecond: 15,
    newConnectionGetsPerSecond: 8,
    postsPerSecond: 4,
    slowGetsPerSecond: 0.5,
    slowMs: 2500,
    uploadsPerSecond: 0.3,
    uploadMs: 2000,
    eventStreams: 1,
    webSockets: 1,
  },
  steps: [...waves, ...lastWave, ...comings],
};
