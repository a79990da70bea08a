import { endurance } from './endurance/index.ts';
import { hosts } from './hosts.ts';
import { killPoints } from './kill-points/index.ts';
import { matrix } from './matrix/index.ts';
import type { Part } from './part.ts';
import { schedules } from './schedules.ts';

/** What `npm run faults` runs, in this order. */
export const parts: readonly Part[] = [matrix, killPoints, schedules, endurance, hosts];
