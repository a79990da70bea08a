import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Simulated hosts while the real ones are still being made; then the longest, since whoever begins them last waits for them alone. */
const first = [
  'rehearsal/scenario/',
  'faults/',
  'end-to-end/',
  'host/run-migrations',
  'test/host/',
  'test/examples/',
];

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = first.findIndex((part) => moduleId.includes(part));
      return index < 0 ? first.length : index;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

/** These need no host and leave nothing behind in their process: one imports for the next what both need. */
const pure = [
  'test/{contracts,lambdas,lib,scripts,state-machines}/**/*.test.ts',
  'test/rehearsal/{asl,assembly,report,simulation}/**/*.test.ts',
  'test/rehearsal/aws/!(aws-cli).test.ts',
  'test/rehearsal/scenario/expectations.test.ts',
];
/** Whole deployments, as `npm start` walks them for minutes, and what is looked for in what they leave: `npm run scenarios`. */
const scenarios = ['test/rehearsal/end-to-end/*.test.ts', 'test/rehearsal/scenario/!(expectations).test.ts'];
/** Hosts of other distributions take their mirrors and minutes: on request. */
const onRequest = process.env['EDGEPAAS_DISTRIBUTIONS'] ? [] : ['test/host/distribution-others.test.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: InOrder },
    globalSetup: 'test/support/temporary-folder.ts',
    pool: 'forks',
    // Bounds for what hangs, not expectations: a busy machine may be many times slower than an idle one.
    testTimeout: 240_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 60_000 } },
    // CDK's own WASM validation costs seconds a synth; the template's test turns it on once.
    env: { CDK_VALIDATION: 'false' },
    projects: [
      {
        extends: true,
        // First, while what hosts begin with is still being made.
        test: {
          name: 'pure',
          include: pure,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        // Most of their time the tests of hosts wait: for systemd, Docker, migrations, bakes and drains.
        test: {
          name: 'hosts',
          include: ['test/**/*.test.ts'],
          exclude: [...pure, ...scenarios, ...onRequest],
          maxWorkers: 5,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'scenarios', include: scenarios, maxWorkers: 3, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
