import { join } from 'node:path';

export const repositoryRoot = join(import.meta.dirname, '..', '..');

/** The only folder of this machine that the rehearsal leaves behind. */
export const cacheRoot = join(repositoryRoot, '.cache', 'rehearsal');
export const imagesRoot = join(cacheRoot, 'images');
export const runsRoot = join(cacheRoot, 'runs');
