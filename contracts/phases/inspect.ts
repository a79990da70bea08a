import * as z from 'zod/mini';
import { healthParameters, siteParameters, siteValues } from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Looks, and changes nothing: is this host prepared, and what runs on it? */
export const inspect: PhaseDefinition = {
  name: 'inspect',
  description: 'Report what the host has and what it lacks',
  parameters: { ...siteParameters, healthPath: healthParameters.healthPath },
  valuesFrom: (plan) => ({ ...siteValues(plan), healthPath: plan.app.healthPath }),
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
    /** Of the deployment that started it, or an empty text. */
    liveDeployment: z.string(),
    /** That container runs; false too while Docker does not answer, which `missing` then says. */
    liveRunning: z.boolean(),
    /** A container runs on a slot that has no traffic. */
    idleRunning: z.boolean(),
    /**
     * Where the answer of port 80 to the health path came from, as Nginx itself says; none: the plain 503 page; unknown: from
     * nowhere, or from what is not the app's site.
     */
    serving: z.enum(['blue', 'green', 'none', 'unknown']),
    /** HTTP status of that answer, 0 without one. */
    servingStatus: z.number(),
    /** Nginx would start with the configuration as it stands, which it may have been loaded without; true without Nginx. */
    nginxConfigValid: z.boolean(),
    /** Of the Docker volume, or of the root disk while none is mounted. */
    freeBytes: z.number(),
  }),
  failures: ['unsupported-distribution', 'host-incomplete', 'port-80-taken'],
};
