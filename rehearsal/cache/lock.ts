import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, thisProcess } from '../host/real/process-identity.ts';

const pollMilliseconds = 200;

/** Holds a lock file while `work` runs; a lock whose owner has died is taken over. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!(await tryLock(path))) await sleep(pollMilliseconds);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(thisProcess()), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await removeIfOrphaned(path);
    return false;
  }
}

async function removeIfOrphaned(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text && !isAlive(JSON.parse(text))) await rm(path, { force: true });
}
