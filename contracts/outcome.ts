import * as z from 'zod/mini';

/**
 * How a deployment ended. Failed: nothing was switched. RolledBack: traffic was switched and is back where it was.
 * Inconsistent: the way back failed too. Superseded: a newer request, or the same one, took its place.
 */
export const outcome = z.enum(['Succeeded', 'RolledBack', 'Failed', 'Superseded', 'Inconsistent']);
export type Outcome = z.infer<typeof outcome>;
