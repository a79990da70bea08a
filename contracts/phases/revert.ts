import * as z from 'zod/mini';
import {
  healthParameters,
  healthValues,
  slotParameters,
  slotValues,
  stopParameters,
  stopValues,
} from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';
import type { DeploymentPlan } from '../plan.ts';
import { sinceMigration } from './run-migrations.ts';

const schemaOf = ({ schemaMoved, app }: DeploymentPlan) => {
  if (!schemaMoved) return 'same';
  return app.database?.migrations?.olderReleaseRuns ? 'newer-safe' : 'newer';
};

/** Brings traffic back to the release before, proves it through Nginx and removes the candidate. Nothing to do is success. */
export const revert: PhaseDefinition = {
  name: 'revert',
  description: 'Send traffic back and remove the candidate',
  parameters: {
    ...slotParameters,
    ...healthParameters,
    ...stopParameters,
    schema: {
      description:
        'Whether the release before may serve: the schema is as it was, newer and declared safe, or newer and not',
      pattern: '^(same|newer-safe|newer)$',
    },
  },
  valuesFrom: (plan) => ({
    ...slotValues(plan),
    ...healthValues(plan),
    ...stopValues(plan),
    schema: schemaOf(plan),
  }),
  executionSeconds: ({ app }) => app.timeouts.drain + app.timeouts.stop + app.timeouts.health + 60,
  facts: z.object({
    /** This deployment had moved traffic on this host. */
    switched: z.boolean(),
    /** The slot that serves now; none: the plain 503 page. */
    liveSlot: z.enum(['blue', 'green', 'none']),
    liveDigest: z.string(),
    /** Milliseconds until the way back was proven through port 80; 0 when traffic had not moved. */
    backMs: z.number(),
    /** The release that serves was made for an older schema, and the configuration says that it runs on this one. */
    onNewerSchema: z.boolean(),
    /** While the candidate was live, from Nginx's access log. */
    requests: z.number(),
    status5xx: z.number(),
    status499: z.number(),
    sinceMigration,
  }),
  failures: ['revert-failed'],
};
