import { endurance } from './endurance/index.ts';
import { matrix } from './matrix/index.ts';
import type { Part } from './part.ts';

/** What `npm run faults` runs, in this order. */
export const parts: readonly Part[] = [matrix, endurance];
