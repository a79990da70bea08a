import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runsRoot } from '../../cache/folders.ts';
import { isAlive, thisProcess } from './process-identity.ts';

let own: string | undefined;

/** This process's scratch folder: named after it, so that another one can tell when it is an orphan. */
export function runFolder(): string {
  return (own ??= createRunFolder());
}

export function createScratchFolder(prefix: string): string {
  return mkdtempSync(join(runFolder(), prefix));
}

function createRunFolder(): string {
  removeLeftovers();
  const { pid, startTime } = thisProcess();
  const folder = join(runsRoot, `${pid}-${startTime}`);
  mkdirSync(folder, { recursive: true });
  process.once('exit', () => removeIfIdle(folder));
  return folder;
}

/** A host's folder is left to the host's remover. */
function removeIfIdle(folder: string): void {
  if (hostsOf(folder).length === 0) rmSync(folder, { recursive: true, force: true });
}

/**
 * Hosts remove themselves when their run dies. What is left to find here is what they could not: a run and its removers
 * killed together, or a machine that went down.
 */
export function removeLeftovers(root = runsRoot): void {
  for (const name of listFolder(root)) {
    const [pid, startTime = ''] = name.split('-');
    if (!isAlive({ pid: Number(pid), startTime })) removeRun(join(root, name));
  }
}

function removeRun(folder: string): void {
  const remover = join(import.meta.dirname, 'remove-host.sh');
  for (const host of hostsOf(folder)) spawnSync('sh', [remover, host, join(folder, host)], { input: '' });
  rmSync(folder, { recursive: true, force: true });
}

function hostsOf(folder: string): string[] {
  return listFolder(folder).filter((name) => name.startsWith('edgepaas-'));
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there yet, or no longer
  }
}
