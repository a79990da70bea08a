import { broken } from './database/breaking-migrations.ts';
import { failed } from './database/failing-migrations.ts';
import { fellBack, migrated, refused } from './database/modes.ts';
import { contracted } from './database/schema-changes.ts';
import type { Scenario } from './tell.ts';

/** Every database mode, and migrations that go well, fail, hang, are killed, race and break; rows are counted after each. */
export const databaseScenario: Scenario = {
  steps: [...fellBack, ...migrated, ...failed, ...contracted, ...broken, ...refused],
  // One Python process serves them, on the cores that everything else here shares.
  rates: {
    keepAliveGetsPerSecond: 30,
    newConnectionGetsPerSecond: 15,
    postsPerSecond: 10,
    slowGetsPerSecond: 1,
    slowMs: 2000,
    uploadsPerSecond: 1,
    uploadMs: 1000,
    eventStreams: 2,
    webSockets: 2,
  },
};
