import * as z from 'zod/mini';
import {
  buildVersionParameter,
  healthParameters,
  healthValues,
  imageParameters,
  imageValues,
  slotParameters,
  slotValues,
} from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Starts the release on the idle slot and proves its health and its identity there; traffic does not move. */
export const startCandidate: PhaseDefinition = {
  name: 'start-candidate',
  description: 'Start the release on the idle slot and prove it healthy',
  parameters: {
    ...imageParameters,
    ...slotParameters,
    ...healthParameters,
    buildVersion: buildVersionParameter,
    containerPort: { description: 'Port the app listens on', pattern: '^[1-9][0-9]{0,4}$' },
    memoryMb: { description: 'docker run --memory, MiB', pattern: '^[1-9][0-9]{1,6}$' },
    cpus: { description: 'docker run --cpus', pattern: '^[0-9]{1,3}(\\.[0-9]{1,2})?$' },
    stopTimeout: { description: 'docker run --stop-timeout, seconds', pattern: '^[1-9][0-9]{0,3}$' },
  },
  valuesFrom: (plan) => ({
    ...imageValues(plan),
    ...slotValues(plan),
    ...healthValues(plan),
    buildVersion: plan.image.buildVersion,
    containerPort: String(plan.app.containerPort),
    memoryMb: String(plan.app.resources.memoryMb),
    cpus: String(plan.app.resources.cpus),
    stopTimeout: String(plan.app.timeouts.stop),
  }),
  executionSeconds: ({ app }) => app.timeouts.health + 600,
  facts: z.object({
    slot: z.enum(['blue', 'green']),
    /** From docker run to the first healthy answer. */
    readyMs: z.number(),
    /** What the app said of itself, or an empty text. */
    reportedVersion: z.string(),
    /** The copy of the SQLite file that was made before, or an empty text. */
    sqliteBackup: z.optional(z.string()),
  }),
  failures: [
    'unsupported-distribution',
    'package-install-failed',
    'sqlite-backup-failed',
    'slot-port-taken',
    'docker-not-ready',
    'image-not-runnable',
    'health-check-failed',
    'identity-mismatch',
    'candidate-died',
  ],
};
