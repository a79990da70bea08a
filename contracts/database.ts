import * as z from 'zod/mini';

/**
 * FINAL_DB_MODE, resolved once a deployment. try_postgres stays so while Postgres is in reach and becomes sqlite_only when it is
 * not. Source: the image's contract, README.
 */
export const databaseMode = z.enum(['postgres_only', 'try_postgres', 'sqlite_only']);
export type DatabaseMode = z.infer<typeof databaseMode>;

/** What the graph carries on to every host of the deployment. */
export interface ResolvedDatabase {
  readonly mode: DatabaseMode;
  /** One line for a person: why this mode. No value of any variable. */
  readonly reason: string;
}
