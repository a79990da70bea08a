import { defineConfig } from '../../../contracts/config.ts';

/** What the fault matrix deploys: one app on one host, with times as short as the phases bear. */
export default defineConfig({
  stackName: 'Faults',
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
      // A candidate that takes all it may is killed soon.
      resources: { memoryMb: 128, cpus: 1 },
      timeouts: { health: 8, bake: 2, drain: 1, stop: 5 },
    },
  ],
});
