import * as z from 'zod/mini';
import {
  healthParameters,
  healthValues,
  imageParameters,
  imageValues,
  slotParameters,
  slotValues,
} from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';
import { sinceMigration } from './run-migrations.ts';

/** Moves traffic to the candidate by the flag file, without a reload, and proves it through port 80. */
export const switchTraffic: PhaseDefinition = {
  name: 'switch-traffic',
  description: 'Send traffic to the candidate',
  parameters: { ...imageParameters, ...slotParameters, ...healthParameters },
  valuesFrom: (plan) => ({ ...imageValues(plan), ...slotValues(plan), ...healthValues(plan) }),
  executionSeconds: () => 60,
  facts: z.object({
    from: z.enum(['blue', 'green', 'none']),
    to: z.enum(['blue', 'green']),
    /** From before the flag changed until a request through port 80 was answered by the new slot. */
    switchMs: z.number(),
    /** Epoch milliseconds of that answer: the release is live. */
    liveAt: z.number(),
    sinceMigration,
  }),
  failures: ['docker-not-ready', 'candidate-died', 'identity-mismatch', 'switch-not-proven'],
};
