import { defineConfig } from '../contracts/config.ts';

const app = {
  hosts: 'fleet',
  healthPath: '/health/ready',
  environment: {
    API_KEY: { type: 'secret' },
    GREETING: { default: 'hello' },
    MAX_RETRIES: { default: '3' },
    RETRY_INTERVAL: { default: '1' },
  },
  database: { migrations: { olderReleaseRuns: true, lockTimeoutSeconds: 2 } },
  timeouts: { health: 15, bake: 2, drain: 3, stop: 10, migration: 20 },
} as const;

/** What `npm start -- --scenario database` deploys: the FastAPI example with its database, with times short enough to watch. */
export default defineConfig({
  stackName: 'Rehearsal',
  hosts: {
    fleet: {
      tag: { key: 'edgepaas-hosts', value: 'fleet' },
      volume: { tag: { key: 'edgepaas-volume', value: 'fleet' } },
    },
  },
  apps: [
    { ...app, name: 'web', repository: { name: 'web' } },
    {
      ...app,
      name: 'api',
      repository: { name: 'api' },
      serverNames: ['api.example.com'],
      slotPorts: { blue: 8082, green: 8083 },
    },
  ],
});
