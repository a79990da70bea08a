import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './runner/job-runner.ts';
import { SecretMasker } from './runner/secret-masker.ts';
import { runStep, type StepResult } from './runner/step-runner.ts';

export const script = join(repository, 'actions/push-image/push-image.sh');
export const scriptText = readFileSync(script, 'utf8');
export const path = process.env['PATH']!;

export interface ScriptResult extends StepResult {
  readonly masker: SecretMasker;
}

/** Runs the script in a step of a GitHub job; its parameters reach it as they are, whatever is in them. */
export async function runInJob(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  shell = 'sh',
): Promise<ScriptResult> {
  const masker = new SecretMasker();
  const names = parameters.map((_, index) => `PARAMETER_${index}`);
  const values = Object.fromEntries(parameters.map((value, index) => [names[index]!, value]));
  const result = await runStep({
    script: `exec ${shell} "$SCRIPT" ${names.map((name) => `"$${name}"`).join(' ')}`,
    shell: 'sh',
    environment: { PATH: path, HOME: '/nonexistent', ...environment, SCRIPT: script, ...values },
    masker,
  });
  return { ...result, masker };
}
