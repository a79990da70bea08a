import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Hosts of other distributions take their mirrors and minutes: on request.
    exclude: process.env['EDGEPAAS_DISTRIBUTIONS'] ? [] : ['test/host/distribution-others.test.ts'],
    pool: 'forks',
    // Two at once: real hosts, nginx and Docker share the machine with the tests.
    maxWorkers: 2,
    // Bounds for what hangs, not expectations: a busy machine may be many times slower than an idle one.
    testTimeout: 240_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    // CDK's own WASM validation costs seconds a synth; the template's test turns it on once.
    env: { CDK_VALIDATION: 'false' },
  },
});
