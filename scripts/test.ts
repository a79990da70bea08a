import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `npm test`: everything `npm run check` checks, then every test. Arguments go to vitest, as in `npm test -- test/lambdas`. */

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const run = (command: string, parameters: string[]) =>
  spawnSync(command, parameters, { stdio: 'inherit' }).status ?? 1;

function runTests(filters: string[]): { status: number; counts: Counts } {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const status = run('node_modules/.bin/vitest', ['run', ...reporters, ...filters]);
    return { status, counts: JSON.parse(readFileSync(report, 'utf8')) as Counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it cannot make, the tests will not find, and say so. */
const prepareHosts = () =>
  spawn(process.execPath, ['--import', 'tsx', 'scripts/prepare-hosts.ts'], { stdio: 'ignore' }).unref();

const isRootOnLinux = process.platform === 'linux' && process.getuid?.() === 0;
const filters = process.argv.slice(2);
if (filters.length === 0) prepareHosts();
const checked = filters.length > 0 ? 0 : run(process.execPath, ['--import', 'tsx', 'scripts/check.ts']);
const { status, counts } = runTests(filters);
if (checked !== 0) console.log('npm run check failed: see above');
const { numPassedTests, numFailedTests, numPendingTests } = counts;
console.log(`tests: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
const incomplete = filters.length === 0 && isRootOnLinux && numPendingTests > 0;
if (incomplete) console.log('With root nothing may be skipped: the names above say what this machine lacks');
process.exitCode = checked || status || Number(incomplete);
