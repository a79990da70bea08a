import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from './lock.ts';

/**
 * A folder below `parent` that is built once on this machine: aside, and renamed when it is complete, so that half of one never
 * counts as one. Those of other recipes, and of builds that were killed, are removed.
 */
export async function buildOnce(
  parent: string,
  key: string,
  build: (folder: string) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<string> {
  const folder = join(parent, key);
  if (existsSync(folder)) return folder;
  await mkdir(parent, { recursive: true });
  await withLock(
    `${parent}.lock`,
    async () => {
      if (existsSync(folder)) return; // another process has built it meanwhile
      for (const name of await readdir(parent))
        await rm(join(parent, name), { recursive: true, force: true });
      const aside = await mkdtemp(join(parent, 'building-'));
      try {
        await build(aside);
        await rename(aside, folder);
      } finally {
        await rm(aside, { recursive: true, force: true });
      }
    },
    signal,
  );
  return folder;
}
