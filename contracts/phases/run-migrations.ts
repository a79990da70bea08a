import * as z from 'zod/mini';
import { asParameter } from '../environment.ts';
import {
  healthParameters,
  healthValues,
  imageParameters,
  imageValues,
  secondsParameter,
  slotParameters,
  slotValues,
} from '../parameters.ts';
import type { PhaseDefinition, PhaseParameter } from '../phase.ts';

const command = (description: string): PhaseParameter => ({
  description: `${description}, as a JSON array of strings`,
  pattern: '^\\["[ -~]*"\\]$',
});

/** What Nginx answered for the live release that the migration broke, from the migration until another one served. */
export const sinceMigration = z.optional(
  z.object({ requests: z.number(), status5xx: z.number(), status499: z.number() }),
);

export const migrationFacts = z.object({
  /** Why nothing was migrated; empty if something was. */
  skipped: z.enum(['', 'sqlite_only', 'nothing-pending', 'older-release']),
  /** Revisions before and after; several heads are joined by "+", and an empty database has an empty text. */
  from: z.string(),
  to: z.string(),
  attempts: z.number(),
  /** The live release, by its own health before and after. */
  live: z.enum(['none', 'healthy', 'broken-before', 'broken-by-migration']),
  /** What Nginx answered for the live release from the start of the migration until it was compared. */
  requests: z.number(),
  status5xx: z.number(),
  status499: z.number(),
});
export type MigrationFacts = z.infer<typeof migrationFacts>;

/** Runs the app's migrations in the new image, once a deployment, under a lock of the database, before any traffic moves. */
export const runMigrations: PhaseDefinition = {
  name: 'run-migrations',
  description: 'Migrate the database from the new image',
  parameters: {
    ...imageParameters,
    ...slotParameters,
    ...healthParameters,
    migrationCommand: command('The command that migrates'),
    currentCommand: command('The command that prints the revision the database has'),
    headCommand: command('The command that prints the revision the image brings'),
    migrationTimeout: { description: 'Seconds a migration may run', pattern: '^[1-9][0-9]{0,4}$' },
    lockTimeout: secondsParameter('Seconds a migration may wait for a lock on a table'),
    whenLiveBreaks: {
      description: 'What to do when the migration breaks the live release',
      pattern: '^(go-forward|stop)$',
    },
    olderReleaseRuns: {
      description: 'Whether a release runs on a schema newer than its own',
      pattern: '^(true|false)$',
    },
  },
  valuesFrom: (plan) => {
    const { migrations } = plan.app.database ?? {};
    return {
      ...imageValues(plan),
      ...slotValues(plan),
      ...healthValues(plan),
      migrationCommand: asParameter(migrations?.command ?? []),
      currentCommand: asParameter(migrations?.currentCommand ?? []),
      headCommand: asParameter(migrations?.headCommand ?? []),
      migrationTimeout: String(plan.app.timeouts.migration),
      lockTimeout: String(migrations?.lockTimeoutSeconds ?? 0),
      whenLiveBreaks: migrations?.whenLiveBreaks ?? 'stop',
      olderReleaseRuns: String(migrations?.olderReleaseRuns ?? false),
    };
  },
  // As long again may it wait for another migration of the same database, and before that for the database itself:
  // at most 20 attempts (MAX_RETRIES), 15 s each and 30 s apart (RETRY_INTERVAL).
  executionSeconds: ({ app }) => 2 * app.timeouts.migration + 20 * (15 + 30) + 300,
  facts: migrationFacts,
  failures: [
    'database-unreachable',
    'database-refused',
    'migration-locked',
    'migration-failed',
    'migration-broke-live',
    'schema-ahead',
    'image-not-runnable',
    'docker-not-ready',
  ],
  onOneHost: true,
};
