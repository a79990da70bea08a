import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Action, type Input, ownPath, stepsOf, type Values, type Workflow } from './action-files.ts';

const root = join(import.meta.dirname, '..', '..');

interface Call {
  readonly uses: string;
  readonly with?: Values;
}

/** What calls our own actions and workflows gives them the inputs that they have. */
export function checkCalls(workflow: Workflow): string[] {
  const calls = [...stepsOf(workflow), ...Object.values(workflow.jobs)].filter(
    (one): one is Call => one.uses !== undefined,
  );
  return calls.flatMap((call) => problemsOfCall(call));
}

function problemsOfCall({ uses, with: given = {} }: Call): string[] {
  const path = ownPath(uses);
  if (path === undefined) return [];
  if (!existsSync(join(root, path))) return [`uses ${uses}, and there is no ${path}`];
  const inputs = inputsOf(parse(readFileSync(join(root, path), 'utf8')) as Workflow | Action);
  const missing = Object.entries(inputs).filter(([name, { required }]) => required && !(name in given));
  return [
    ...Object.keys(given)
      .filter((name) => !(name in inputs))
      .map((name) => `uses ${uses} with ${name}, which it does not have`),
    ...missing.map(([name]) => `uses ${uses} without ${name}`),
  ];
}

const inputsOf = (called: Workflow | Action): Readonly<Record<string, Input>> =>
  ('runs' in called ? called.inputs : called.on.workflow_call?.inputs) ?? {};
