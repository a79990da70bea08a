import { defineConfig } from '../../../contracts/config.ts';

/** One app whose deployments wait for nothing, and whose images expire as soon as they may. */
export default defineConfig({
  stackName: 'Instant',
  hosts: {
    fleet: { tag: { key: 'role', value: 'docker' }, volume: { tag: { key: 'disk', value: 'docker' } } },
  },
  apps: [
    {
      name: 'shop',
      repository: { name: 'team/shop', retention: { releases: 2, days: 1 } },
      hosts: 'fleet',
      timeouts: { health: 2, bake: 0, drain: 0, stop: 1 },
    },
  ],
});
