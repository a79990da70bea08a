import { afterAll, beforeAll } from 'vitest';
import { ensureBaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import {
  startManagedDatabase,
  type ManagedDatabase,
} from '../../../rehearsal/managed-database/managed-database.ts';
import { run, type Environment, type Installed } from './start-app.ts';

/** A real PostgreSQL for the tests of a file; each of them makes a database of its own. */
export function useServer(): { readonly server: ManagedDatabase; makeUrl(): Promise<string> } {
  let server: ManagedDatabase | undefined;
  let made = 0;
  beforeAll(async () => {
    const { folder } = await ensureBaseImage();
    server = await startManagedDatabase({ imageFolder: folder, address: '127.0.0.1' });
  });
  afterAll(() => server?.close());
  return {
    get server() {
      return server!;
    },
    makeUrl: async () => `${await server!.createDatabase(`test-${++made}`)}?sslmode=require`,
  };
}

export const onPostgres = (url: string): Environment => ({
  FINAL_DB_MODE: 'postgres_only',
  EDGEPAAS_APP: 'shop',
  DATABASE_URL: url,
});

export async function alembic(installed: Installed, url: string, ...command: string[]) {
  const { ended, stdout, stderr } = await run(installed, onPostgres(url), ['alembic', ...command]);
  return { code: await ended, stdout: stdout(), stderr: stderr() };
}

export async function migrate(installed: Installed, url: string): Promise<void> {
  const { code, stderr } = await alembic(installed, url, 'upgrade', 'head');
  if (code !== 0) throw new Error(stderr);
}
