import { defineConfig } from '../../../contracts/config.ts';

/** One app on prepared hosts, whose disks are ext4, with times as short as its load allows. */
export default defineConfig({
  stackName: 'Hosts',
  hosts: {
    fleet: {
      tag: { key: 'role', value: 'docker' },
      volume: { tag: { key: 'disk', value: 'docker' }, filesystem: 'ext4' },
    },
  },
  apps: [
    {
      name: 'web',
      repository: { name: 'web' },
      hosts: 'fleet',
      rollout: { canaryHosts: 1, waveHosts: 1 },
      timeouts: { health: 6, bake: 2, drain: 3, stop: 4 },
    },
  ],
});
