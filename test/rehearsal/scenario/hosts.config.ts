import { defineConfig } from '../../../contracts/config.ts';

/** Waves as short as they may be, with a canary wave. */
export default defineConfig({
  stackName: 'Hosts',
  hosts: {
    fleet: { tag: { key: 'role', value: 'docker' }, volume: { tag: { key: 'disk', value: 'docker' } } },
  },
  apps: [
    {
      name: 'shop',
      repository: { name: 'team/shop' },
      hosts: 'fleet',
      rollout: { canaryHosts: 1, waveHosts: 1, unavailableHosts: 1 },
      timeouts: { health: 1, bake: 0, drain: 0, stop: 1 },
    },
  ],
});
