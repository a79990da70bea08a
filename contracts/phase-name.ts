import * as z from 'zod/mini';

/** The phases, in the order a first deployment walks them; revert is the way back. */
export const phaseNames = [
  'inspect',
  'mount-volume',
  'install-docker',
  'install-nginx',
  'resolve-database',
  'resolve-env',
  'pull-release',
  'run-migrations',
  'start-candidate',
  'switch-traffic',
  'bake',
  'retire',
  'revert',
] as const;
export const phaseName = z.enum(phaseNames);
export type PhaseName = z.infer<typeof phaseName>;
