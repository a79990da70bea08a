import * as z from 'zod/mini';
import { imageParameters, imageValues, keptReleasesParameter, keptReleasesValues } from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Pulls the image by digest, after judging by its missing layers that it fits, and clears away what failed deployments left. */
export const pullRelease: PhaseDefinition = {
  name: 'pull-release',
  description: 'Pull the image by digest',
  parameters: {
    ...imageParameters,
    ...keptReleasesParameter,
    compressedBytes: { description: "Size of the image's layers in the registry", pattern: '^[0-9]{1,12}$' },
  },
  valuesFrom: (plan) => ({
    ...imageValues(plan),
    ...keptReleasesValues(plan),
    compressedBytes: String(plan.image.compressedBytes),
  }),
  executionSeconds: () => 900,
  facts: z.object({
    /** False when the host had the image already. */
    pulled: z.boolean(),
    freeBytes: z.number(),
  }),
  failures: ['registry-login-failed', 'pull-failed', 'image-not-runnable', 'image-architecture-mismatch'],
};
