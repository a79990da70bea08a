import { defineConfig } from '../contracts/config.ts';

const app = {
  hosts: 'fleet',
  github: [{ repository: 'example/apps', branches: ['main'] }],
};
const timeouts = { bake: 1, drain: 1, stop: 5 };

/** What `npm start -- --scenario build` deploys: both examples on one host, with times short enough to watch. */
export default defineConfig({
  stackName: 'Rehearsal',
  hosts: {
    fleet: {
      tag: { key: 'edgepaas-hosts', value: 'fleet' },
      architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
      volume: { tag: { key: 'edgepaas-volume', value: 'fleet' } },
    },
  },
  apps: [
    { ...app, name: 'web', repository: { name: 'web' }, timeouts: { ...timeouts, health: 8 } },
    {
      ...app,
      name: 'notes',
      repository: { name: 'notes' },
      serverNames: ['notes.example.com'],
      slotPorts: { blue: 8082, green: 8083 },
      environment: { USE_SQLITE: { type: 'boolean', default: 'true' } },
      database: {},
      timeouts: { ...timeouts, health: 20 },
    },
  ],
});
