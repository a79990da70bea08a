import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Two at once: real hosts, nginx and Docker share the machine with the tests.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 240_000,
    // CDK's own WASM validation costs seconds a synth; the template's test turns it on once.
    env: { CDK_VALIDATION: 'false' },
  },
});
