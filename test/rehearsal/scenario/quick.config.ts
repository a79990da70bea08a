import { defineConfig } from '../../../contracts/config.ts';

const common = { hosts: 'fleet', timeouts: { health: 2, bake: 3, drain: 1, stop: 1 } };

/** Two apps that differ from the defaults wherever they may, with times as short as the main job allows. */
export default defineConfig({
  stackName: 'Quick',
  hosts: {
    fleet: { tag: { key: 'role', value: 'docker' }, volume: { tag: { key: 'disk', value: 'docker' } } },
  },
  apps: [
    {
      ...common,
      name: 'shop',
      repository: { name: 'team/shop' },
      containerPort: 3000,
      healthPath: '/ready/now',
      serverNames: ['shop.example.com'],
      slotPorts: { blue: 9080, green: 9081 },
    },
    { ...common, name: 'blog', repository: { name: 'blog' } },
  ],
});
