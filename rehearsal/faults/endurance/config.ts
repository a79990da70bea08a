import { defineConfig } from '../../../contracts/config.ts';

/** What is deployed again and again: one app on one host, with times as short as the phases bear. */
export default defineConfig({
  stackName: 'Endurance',
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
      resources: { memoryMb: 128, cpus: 1 },
      timeouts: { health: 6, bake: 1, drain: 1, stop: 5 },
    },
  ],
});
