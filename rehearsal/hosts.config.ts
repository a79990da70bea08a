import { defineConfig } from '../contracts/config.ts';

/** One app on several hosts, that takes them one after the other, the canary first. */
export default defineConfig({
  stackName: 'Rehearsal',
  hosts: {
    fleet: {
      tag: { key: 'edgepaas-hosts', value: 'fleet' },
      volume: { tag: { key: 'edgepaas-volume', value: 'fleet' } },
    },
  },
  apps: [
    {
      name: 'web',
      repository: { name: 'web' },
      hosts: 'fleet',
      rollout: { canaryHosts: 1, waveHosts: 1, unavailableHosts: 1 },
      // The longest request of the load takes 3 s: it fits into the drain.
      timeouts: { health: 6, bake: 4, drain: 6, stop: 10 },
    },
  ],
});
