import { rmSync } from 'node:fs';
import { checkDefinition } from './check/check-definition.ts';
import { checkScripts } from './check/check-scripts.ts';
import { checkWorkflows } from './check/check-workflows.ts';
import { type CheckResult, runCheck } from './check/run-check.ts';

/**
 * `npm run check`: everything that can be known without running the product. All checks run, side by side, and each that fails
 * says what it found; `npm test` runs this first.
 */
const bin = (name: string) => `node_modules/.bin/${name}`;

const checks: Record<string, () => Promise<CheckResult>> = {
  lint: () => runCheck(bin('eslint'), ['--max-warnings=0', '.']),
  'CDK validation and cdk-nag': () => validateStack('.cache/check/cdk.out'),
  // typescript-eslint needs TypeScript 6; the compiler of 7 does the same in a fifth of the time. Both would be `.bin/tsc`.
  types: () => runCheck('node_modules/ts7/bin/tsc', ['--pretty', 'false']),
  format: () => runCheck(bin('prettier'), ['--check', '--log-level=warn', '.']),
  shellcheck: checkScripts,
  'state machine': checkDefinition,
  'workflows and actions': checkWorkflows,
};

const results = await Promise.all(Object.entries(checks).map(([name, check]) => timed(name, check)));
const failed = results.filter(({ ok }) => !ok);
if (failed.length > 0) console.log(`check: ${failed.map(({ name }) => name).join(', ')} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** Into a folder of its own: the report of an earlier run would fail this one. */
function validateStack(folder: string): Promise<CheckResult> {
  rmSync(folder, { recursive: true, force: true });
  return runCheck(bin('cdk'), ['synth', '--quiet', '--strict', '-c', 'validate=true', '-o', folder]);
}

async function timed(name: string, check: () => Promise<CheckResult>) {
  const begin = performance.now();
  const { ok, output } = await check();
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(
    ok ? `✓ ${name} (${seconds} s)` : `✗ ${name} (${seconds} s)\n${output.trim().replace(/^/gm, '    ')}`,
  );
  return { name, ok };
}
