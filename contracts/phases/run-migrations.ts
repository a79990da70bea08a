import * as z from 'zod/mini';
import { imageParameters, imageValues } from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Runs the app's migration command in the new image, once a deployment, before any traffic moves. */
export const runMigrations: PhaseDefinition = {
  name: 'run-migrations',
  description: 'Run the migration command in the new image',
  parameters: {
    ...imageParameters,
    migrationCommand: {
      description: 'The command as a JSON array of strings',
      pattern: '^\\[[ -~]{2,}\\]$',
    },
    migrationTimeout: { description: 'Seconds it may run', pattern: '^[1-9][0-9]{0,4}$' },
  },
  valuesFrom: (plan) => ({
    ...imageValues(plan),
    migrationCommand: JSON.stringify(plan.app.migrationCommand ?? []),
    migrationTimeout: String(plan.app.timeouts.migration),
  }),
  executionSeconds: ({ app }) => app.timeouts.migration + 60,
  facts: z.object({ exitCode: z.literal(0) }),
  failures: ['migration-failed', 'image-not-runnable'],
  onOneHost: true,
};
