import * as z from 'zod/mini';
import {
  keptReleasesParameter,
  keptReleasesValues,
  slotParameters,
  slotValues,
  stopParameters,
  stopValues,
} from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Lets the release before finish what it serves, stops it, and keeps its container and image for the way back. */
export const retire: PhaseDefinition = {
  name: 'retire',
  description: 'Drain and stop the release before',
  parameters: { ...slotParameters, ...stopParameters, ...keptReleasesParameter },
  valuesFrom: (plan) => ({ ...slotValues(plan), ...stopValues(plan), ...keptReleasesValues(plan) }),
  executionSeconds: ({ app }) => app.timeouts.drain + app.timeouts.stop + 60,
  facts: z.object({
    /** The slot that was stopped; none on a first deployment. */
    slot: z.enum(['blue', 'green', 'none']),
    drainMs: z.number(),
    /** Connections that the deadline cut short; long-lived streams end here by the app's own hand. */
    openAtDeadline: z.number(),
    /** Since the switch, from Nginx's access log. */
    requests: z.number(),
    status5xx: z.number(),
    status499: z.number(),
  }),
  failures: ['retire-failed'],
};
