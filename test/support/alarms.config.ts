import { defineConfig } from '../../contracts/config.ts';

/** An app that heeds an alarm, and bakes long enough for each way in which one is seen. */
export default defineConfig({
  stackName: 'Alarms',
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
      timeouts: { health: 6, bake: 300, drain: 8, stop: 10 },
      rollout: { alarms: ['web-errors'] },
    },
  ],
});
