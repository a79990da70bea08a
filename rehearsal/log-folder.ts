import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { join } from 'node:path';
import { cacheRoot } from './cache/folders.ts';

const logsRoot = join(cacheRoot, 'logs');
const keptRuns = 10;

/** A folder of its own for the logs of a run. Those of the last runs that failed stay. */
export function createLogFolder(root = logsRoot): string {
  mkdirSync(root, { recursive: true });
  const older = readdirSync(root).sort().slice(0, -keptRuns);
  for (const name of older) rmSync(join(root, name), { recursive: true, force: true });
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  return mkdtempSync(join(root, `${stamp}-`));
}

/** The whole error, with stacks and causes; people get its message. */
export function logError(folder: string, error: unknown): void {
  writeFileSync(join(folder, 'error.log'), `${inspect(error, { depth: 5 })}\n`);
}
