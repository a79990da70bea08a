import { join } from 'node:path';

export const repositoryPath = (path: string) => join(import.meta.dirname, '..', '..', path);
