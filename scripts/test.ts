import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * `npm test`: everything `npm run check` checks, and beside it every test but the scenarios, which are `npm run scenarios`. Other
 * arguments go to vitest, as in `npm test -- test/lambdas`.
 */

interface Counts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

const interrupted = 130;

/** A terminal interrupts every process of its group: what runs here clears up after itself, and is waited for. */
process.on('SIGINT', () => (process.exitCode = interrupted));

async function run(command: string, parameters: string[], more: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(command, parameters, { stdio: 'inherit', env: { ...process.env, ...more } });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

async function runTests(parameters: string[]): Promise<{ status: number; counts?: Counts }> {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-test-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const vitest = ['run', ...reporters, ...parameters];
    const status = await run('node_modules/.bin/vitest', vitest, { EDGEPAAS_TEST_FOLDER: folder });
    if (process.exitCode === interrupted) return { status };
    return { status, counts: JSON.parse(readFileSync(report, 'utf8')) as Counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it cannot make, the tests will not find, and say so. */
const prepareHosts = () =>
  spawn(process.execPath, ['--import', 'tsx', 'scripts/prepare-hosts.ts'], { stdio: 'ignore' }).unref();

const runChecks = () => run(process.execPath, ['--import', 'tsx', 'scripts/check.ts']);

const isRootOnLinux = process.platform === 'linux' && process.getuid?.() === 0;
const asked = process.argv.slice(2);
const isAll = asked.length === 0;
const isWhole = isAll || asked.join(' ') === '--project scenarios';
if (isWhole) prepareHosts();
const [checked, { status, counts }] = await Promise.all([
  isAll ? runChecks() : 0,
  runTests(isAll ? ['--project', 'pure', '--project', 'hosts'] : asked),
]);
if (counts) {
  if (checked !== 0) console.log('npm run check failed: see above');
  const { numPassedTests, numFailedTests, numPendingTests } = counts;
  console.log(`tests: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
  const incomplete = isWhole && isRootOnLinux && numPendingTests > 0;
  if (incomplete)
    console.log('With root nothing may be skipped: the names above say what this machine lacks');
  process.exitCode = checked || status || Number(incomplete);
}
