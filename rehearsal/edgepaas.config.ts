import { defineConfig } from '../contracts/config.ts';

/** What `npm start` deploys: one app on one host that somebody brought, with times short enough to watch. */
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
      // The longest request of the load takes 5 s: it fits into the drain.
      timeouts: { health: 6, bake: 4, drain: 8, stop: 10 },
    },
  ],
});
