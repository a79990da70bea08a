import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, thisProcess } from '../host/real/process-identity.ts';

const pollMilliseconds = 200;

/** Holds a lock file while `work` runs; a lock whose owner has died is taken over. */
export async function withLock<T>(path: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  while (!(await tryLock(path))) await sleep(pollMilliseconds, undefined, { signal });
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** By a link, so that the lock is never seen without its owner's name in it. */
async function tryLock(path: string): Promise<boolean> {
  const own = `${path}.${process.pid}`;
  await writeFile(own, JSON.stringify(thisProcess()));
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await removeIfOrphaned(path);
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

async function removeIfOrphaned(path: string): Promise<void> {
  const owner = await readFile(path, 'utf8').catch(() => undefined); // released meanwhile
  if (owner !== undefined && !isAlive(JSON.parse(owner))) await rm(path, { force: true });
}
