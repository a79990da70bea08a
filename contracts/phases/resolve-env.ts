import * as z from 'zod/mini';
import { buildVersionParameter } from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Where an app's parameters are in Parameter Store. */
export const parameterPathOf = (app: string) => `/edgepaas/${app}`;

/** Writes the release's env file from Parameter Store; no value ever leaves the host. */
export const resolveEnv: PhaseDefinition = {
  name: 'resolve-env',
  description: 'Write the env file of the release',
  parameters: {
    buildVersion: buildVersionParameter,
    containerPort: { description: 'Port the app listens on', pattern: '^[1-9][0-9]{0,4}$' },
    parameterPath: {
      description: "The app's path in Parameter Store",
      pattern: '^/edgepaas/[a-z][a-z0-9-]{0,31}$',
    },
  },
  valuesFrom: ({ app, image }) => ({
    buildVersion: image.buildVersion,
    containerPort: String(app.containerPort),
    parameterPath: parameterPathOf(app.name),
  }),
  executionSeconds: () => 60,
  facts: z.object({
    /** Names, not values: how many variables came from Parameter Store. */ parameters: z.number(),
  }),
  failures: ['parameters-unreadable', 'parameter-not-representable'],
};
