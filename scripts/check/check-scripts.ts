import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { phaseNames } from '../../contracts/phase-name.ts';
import { composeScript } from '../../lib/compose-script.ts';
import { findShellcheck } from './find-shellcheck.ts';
import { resultOf, runCheck, type CheckResult } from './run-check.ts';

/**
 * A phase does not call every function of its libraries, nor read every variable that they set, and some of its variables are
 * parameters that reach it by name: shellcheck would call them unreachable, unused and misspelt.
 */
const ofLibraries = '--exclude=SC2317,SC2034,SC2153';

/** shellcheck over every script in the repository; over the phases as they run on a host, with their libraries inlined. */
export async function checkScripts(): Promise<CheckResult> {
  const shellcheck = await findShellcheck();
  if (!shellcheck) return resultOf(['shellcheck is not on this machine: apt-get install shellcheck']);
  const phases = writePhases('.cache/check/phases');
  const results = await Promise.all([
    runCheck(shellcheck, ['--format=gcc', ofLibraries, ...phases]),
    runCheck(shellcheck, ['--format=gcc', ...(await listScripts())]),
  ]);
  return { ok: results.every(({ ok }) => ok), output: results.map(({ output }) => output).join('') };
}

function writePhases(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return phaseNames.map((name) => {
    const file = join(folder, `${name}.sh`);
    writeFileSync(file, composeScript(name));
    return file;
  });
}

/** Scripts are files that end in .sh or begin with a shell's shebang; new ones count before they are added to git. */
async function listScripts(): Promise<string[]> {
  const listed = await runCheck('git', ['ls-files', '--cached', '--others', '--exclude-standard']);
  if (!listed.ok) throw new Error(`git ls-files: ${listed.output}`);
  const files = listed.output.split('\n').filter((file) => existsSync(file) && isScript(file));
  return files.filter((file) => !/^host\/(phases|lib)\//.test(file));
}

function isScript(file: string): boolean {
  if (file.endsWith('.sh')) return true;
  if (/\.[a-z0-9]+$/i.test(file)) return false;
  return /^#!.*\b(ba|da)?sh\b/.test(readFileSync(file, 'utf8').slice(0, 80));
}
