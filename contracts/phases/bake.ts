import * as z from 'zod/mini';
import {
  buildVersionParameter,
  healthParameters,
  healthValues,
  imageParameters,
  imageValues,
  secondsParameter,
  slotParameters,
  slotValues,
} from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Watches the release under real traffic: its container, its health, and Nginx's own 5xx and 499. */
export const bake: PhaseDefinition = {
  name: 'bake',
  description: 'Watch the release under real traffic',
  parameters: {
    ...imageParameters,
    ...slotParameters,
    ...healthParameters,
    buildVersion: buildVersionParameter,
    bakeSeconds: secondsParameter('Seconds to watch'),
  },
  valuesFrom: (plan) => ({
    ...imageValues(plan),
    ...slotValues(plan),
    ...healthValues(plan),
    buildVersion: plan.image.buildVersion,
    bakeSeconds: String(plan.app.timeouts.bake),
  }),
  // Beyond it a look may hang, what is uncertain at the end is watched on, and a lock may be held.
  executionSeconds: ({ app }) => app.timeouts.bake + app.timeouts.health + 120,
  facts: z.object({
    /** Since the switch, from Nginx's access log. */
    requests: z.number(),
    status5xx: z.number(),
    /** Closed by the client before the answer: people who went away, or whom we kept waiting. */
    status499: z.number(),
  }),
  failures: [
    'candidate-died',
    'health-check-failed',
    'identity-mismatch',
    'error-rate-rose',
    'switch-not-proven',
  ],
};
