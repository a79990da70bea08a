import { builds } from './build/builds.ts';
import { endings } from './build/endings.ts';
import type { Scenario } from './tell.ts';

export { checkouts } from './build/push-by-script.ts';

/** Both examples, built with and without cache and pushed by the one script; what becomes of a push. */
export const buildScenario: Scenario = { steps: [...builds, ...endings] };
