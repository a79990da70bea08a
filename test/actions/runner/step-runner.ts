import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseFileCommand } from './file-command.ts';
import { type Annotation, OutputCommands } from './output-commands.ts';
import type { SecretMasker } from './secret-masker.ts';

export interface StepResult {
  readonly code: number;
  readonly outputs: Readonly<Record<string, string>>;
  /** What the following steps of the job have in their environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunStep {
  readonly script: string;
  readonly shell?: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder?: string | undefined;
  readonly masker: SecretMasker;
}

/** As ScriptHandlerHelpers.cs has them; the last is what a step without `shell` gets. */
const shells: Readonly<Record<string, readonly string[]>> = {
  sh: ['sh', '-e'],
  bash: ['bash', '--noprofile', '--norc', '-eo', 'pipefail'],
  default: ['bash', '-e'],
};

/** Runs a `run:` script with the files that the runner gives it, and reads them afterwards. */
export async function runStep({ script, shell, environment, folder, masker }: RunStep): Promise<StepResult> {
  const files = mkdtempSync(join(tmpdir(), 'step-'));
  const path = (name: string) => join(files, name);
  for (const name of ['env', 'output', 'summary']) writeFileSync(path(name), '');
  writeFileSync(path('script.sh'), script);
  const given = {
    ...environment,
    GITHUB_ACTIONS: 'true',
    GITHUB_ENV: path('env'),
    GITHUB_OUTPUT: path('output'),
    GITHUB_STEP_SUMMARY: path('summary'),
  };
  const commands = new OutputCommands(masker);
  const command = [...shells[shell ?? 'default']!, path('script.sh')];
  const ended = await runProgram(command, given, folder, (line) => commands.take(line));
  const read = (name: string) => readFileSync(path(name), 'utf8');
  const result = {
    ...ended,
    outputs: Object.fromEntries(parseFileCommand(read('output'))),
    environment: Object.fromEntries(parseFileCommand(read('env'))),
    summary: masker.mask(read('summary')),
    annotations: commands.annotations,
  };
  rmSync(files, { recursive: true });
  return result;
}

/** Runs a program to its end; each line of its output is told as soon as it has come. */
export function runProgram(
  [program, ...parameters]: readonly string[],
  environment: Readonly<Record<string, string>>,
  folder?: string,
  onLine: (line: string) => void = () => {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, parameters, {
      env: environment,
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      let rest = '';
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        texts[name] += chunk;
        const lines = (rest + chunk).split(/\r\n|\n|\r/); // as .NET reads lines
        rest = lines.pop()!;
        for (const line of lines) onLine(line);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 255, ...texts }));
  });
}
