import * as z from 'zod/mini';
import { databaseMode } from '../database.ts';
import { environmentParameters, environmentValues } from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

export const databaseFacts = z.object({
  /** What the parameters ask for. */
  configured: databaseMode,
  mode: databaseMode,
  reason: z.string(),
  /** What a person should know of data that stays behind, or an empty text. */
  note: z.string(),
  /** Attempts to reach Postgres. */
  attempts: z.number(),
});
export type DatabaseFacts = z.infer<typeof databaseFacts>;

/** Decides on one host which database the release will use on all of them: FINAL_DB_MODE, and why. */
export const resolveDatabase: PhaseDefinition = {
  name: 'resolve-database',
  description: 'Decide which database the release uses',
  parameters: {
    ...environmentParameters,
    hostCount: { description: 'Hosts of this deployment', pattern: '^[1-9][0-9]{0,4}$' },
    sqliteOnManyHosts: {
      description: 'Whether each of several hosts may have a SQLite file of its own',
      pattern: '^(true|false)$',
    },
  },
  valuesFrom: (plan) => ({
    ...environmentValues(plan),
    hostCount: String([...plan.waves.flat(), ...(plan.leftOut ?? [])].length),
    sqliteOnManyHosts: String(plan.app.database?.sqliteOnManyHosts ?? false),
  }),
  // Installing the client, then at most 20 attempts (MAX_RETRIES), 15 s each and 30 s apart (RETRY_INTERVAL).
  executionSeconds: () => 600 + 20 * (15 + 30),
  facts: databaseFacts,
  failures: [
    'unsupported-distribution',
    'package-install-failed',
    'parameters-unreadable',
    'environment-invalid',
    'database-unreachable',
    'database-refused',
    'sqlite-on-many-hosts',
  ],
  onOneHost: true,
};
