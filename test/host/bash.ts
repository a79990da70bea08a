import { spawnSync } from 'node:child_process';

export const frame = 'set -Eeuo pipefail; shopt -s inherit_errexit; export LC_ALL=C;';
export const sourcing = (libraries: string[]) =>
  libraries.map((name) => `source host/lib/${name}.sh;`).join(' ');

/** Runs bash with some of the libraries; values come as arguments, so that no quoting stands between. */
export function bash(libraries: string[], script: string, ...values: string[]): string {
  const run = spawnSync('bash', ['-c', `${frame} ${sourcing(libraries)} ${script}`, 'bash', ...values]);
  if (run.status !== 0) throw new Error(`exit ${run.status}: ${run.stderr}`);
  return run.stdout.toString();
}
