import { spawn } from 'node:child_process';

export interface CheckResult {
  readonly ok: boolean;
  /** What a person needs to read when it is not. */
  readonly output: string;
}

/** Runs a program to its end, with a text for its stdin; it passes when it exits with 0. */
export function runCheck(file: string, parameters: readonly string[], input = ''): Promise<CheckResult> {
  return new Promise((resolve) => {
    const child = spawn(file, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
    child.stdin.on('error', () => {}); // it did not want it
    child.stdin.end(input);
  });
}

/** Passes when there is no problem to list. */
export const resultOf = (problems: readonly string[]): CheckResult => ({
  ok: problems.length === 0,
  output: problems.join('\n'),
});
