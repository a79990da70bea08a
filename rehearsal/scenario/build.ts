import { builds } from './build/builds.ts';
import { endings } from './build/endings.ts';
import { tagRules } from './build/tag-rules.ts';
import type { Scenario } from './tell.ts';

export { checkouts } from './build/push-by-script.ts';

/** The others are proven on the simulated host: see test/rehearsal/scenario/tag-rules.test.ts. */
const needsDocker = (title: string) => title.startsWith('An index');

/** Both examples, built with and without cache and pushed by the one script; what becomes of a push. */
export const buildScenario: Scenario = {
  steps: [...builds, ...endings, ...tagRules.map((step) => ({ ...step, inTests: needsDocker(step.title) }))],
};
