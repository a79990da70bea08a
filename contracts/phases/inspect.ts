import * as z from 'zod/mini';
import { siteParameters, siteValues } from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Looks, and changes nothing: is this host prepared, and what runs on it? */
export const inspect: PhaseDefinition = {
  name: 'inspect',
  description: 'Report what the host has and what it lacks',
  parameters: siteParameters,
  valuesFrom: siteValues,
  executionSeconds: () => 60,
  facts: z.object({
    /** Volume mounted, Docker and Nginx ready, the app's site as configured: nothing to install. */
    prepared: z.boolean(),
    /** What is missing, in words. */
    missing: z.array(z.string()),
    distribution: z.string(),
    architecture: z.string(),
    /** The slot that Nginx sends traffic to. */
    liveSlot: z.enum(['blue', 'green', 'none']),
    /** Digest of the container behind it, or an empty text. */
    liveDigest: z.string(),
    freeBytes: z.number(),
  }),
  failures: ['unsupported-distribution', 'host-incomplete', 'port-80-taken'],
};
