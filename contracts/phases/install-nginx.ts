import * as z from 'zod/mini';
import { siteParameters, siteValues } from '../parameters.ts';
import type { PhaseDefinition } from '../phase.ts';

/** Installs Nginx and the app's site. The only phase that reloads Nginx, and only when the site has changed. */
export const installNginx: PhaseDefinition = {
  name: 'install-nginx',
  description: "Install Nginx and the app's site",
  parameters: siteParameters,
  valuesFrom: siteValues,
  executionSeconds: () => 600,
  facts: z.object({ version: z.string(), siteChanged: z.boolean() }),
  failures: [
    'unsupported-distribution',
    'package-install-failed',
    'port-80-taken',
    'nginx-config-invalid',
    'nginx-not-ready',
  ],
};
