import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * For what tests leave to the end of their run, since their process is not told of it: removed when all have ended. `npm test` gives
 * one, and removes it also when vitest is interrupted.
 */
export function setup(): (() => void) | undefined {
  if (process.env['EDGEPAAS_TEST_FOLDER']) return;
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-test-'));
  process.env['EDGEPAAS_TEST_FOLDER'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
