import * as z from 'zod/mini';
import { databaseMode } from '../database.ts';
import {
  buildVersionParameter,
  environmentParameters,
  environmentValues,
  slotParameters,
  slotValues,
} from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

export const environmentFacts = z.object({
  /** FINAL_DB_MODE of this host's env file. */
  databaseMode: z.enum(['none', ...databaseMode.options]),
  /** How many of the variables came from Parameter Store. */
  parameters: z.number(),
  /** HMAC-SHA256 of the app's variables with a key that only this host has: equal when nothing changed. */
  fingerprint: z.string(),
  /** Versions of the parameters by name, when they fit into a receipt. */
  versions: z.optional(z.record(z.string(), z.number())),
  /** Parameters below the path that no declaration names: they did not reach the app. */
  undeclared: z.array(z.string()),
});
export type EnvironmentFacts = z.infer<typeof environmentFacts>;

/** Validates what Parameter Store has for the app and writes the release's env file; no value ever leaves the host. */
export const resolveEnv: PhaseDefinition = {
  name: 'resolve-env',
  description: 'Write the env file of the release',
  parameters: {
    ...environmentParameters,
    ...slotParameters,
    buildVersion: buildVersionParameter,
    containerPort: { description: 'Port the app listens on', pattern: '^[1-9][0-9]{0,4}$' },
    databaseMode: {
      description: 'FINAL_DB_MODE; none for an app without a database',
      pattern: '^(none|postgres_only|try_postgres|sqlite_only)$',
    },
    databaseReason: { description: 'Why it is that mode', pattern: '^[A-Za-z][A-Za-z0-9 _.,:()-]{0,300}$' },
  },
  valuesFrom: (plan) => ({
    ...environmentValues(plan),
    ...slotValues(plan),
    buildVersion: plan.image.buildVersion,
    containerPort: String(plan.app.containerPort),
    databaseMode: plan.database?.mode ?? 'none',
    databaseReason: plan.database?.reason ?? 'no database is configured',
  }),
  executionSeconds: () => 300,
  facts: environmentFacts,
  failures: ['parameters-unreadable', 'environment-invalid'],
};
