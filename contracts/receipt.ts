import * as z from 'zod/mini';
import { deploymentId } from './build-version.ts';
import { failureId } from './failure.ts';
import { phaseName } from './phase-name.ts';

/**
 * What a host wrote about a phase, and what its script prints: one JSON line, at most 2,500 bytes, because that is what
 * ListCommandInvocations returns of a plugin's output. Source: CommandPlugin in the SSM API reference.
 */
const common = {
  phase: phaseName,
  deploymentId,
  fence: z.int().check(z.minimum(1)),
  /** Wall-clock milliseconds the phase took on the host. */
  ms: z.number().check(z.minimum(0)),
};

export const receipt = z.discriminatedUnion('result', [
  z.object({ ...common, result: z.literal('done'), facts: z.record(z.string(), z.unknown()) }),
  z.object({ ...common, result: z.literal('already-done'), facts: z.record(z.string(), z.unknown()) }),
  z.object({
    ...common,
    result: z.literal('failed'),
    failure: failureId,
    cause: z.string(),
    /** Of a way back that failed: digest of the release that has the traffic nonetheless, an empty text for the 503 page. */
    liveDigest: z.optional(z.string()),
  }),
]);
export type Receipt = z.infer<typeof receipt>;
