import { phaseNames, type PhaseName } from '../../../contracts/phase-name.ts';

/** Lambdas that the graph calls outside of its phases. */
export const functionPlaces = [
  'accept-request',
  'acquire-lease',
  'resolve-image',
  'find-hosts',
  'commit-release',
  'close-deployment',
] as const;
export type FunctionPlace = (typeof functionPlaces)[number];

/** Where in a deployment a fault strikes. */
export type Place = PhaseName | FunctionPlace;

export const isPhase = (place: Place): place is PhaseName => phaseNames.some((phase) => phase === place);

/** For what is the same to every phase: one of each kind. */
export const somePhases: readonly PhaseName[] = [
  'inspect',
  'pull-release',
  'start-candidate',
  'switch-traffic',
  'bake',
  'retire',
  'revert',
];
