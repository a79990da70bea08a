import { defineConfig } from '../../../contracts/config.ts';
import { nodePath } from '../../images/base-layer.ts';
import plain from './config.ts';

const print = (revision: string) => [nodePath, '--print', `'${revision}'`];

/**
 * The same with a database, for the phases that only then take place. The example app keeps nothing in it: that nothing is
 * pending takes the lock and both of the app's commands to find out.
 */
export default defineConfig({
  ...plain,
  apps: plain.apps.map((app) => ({
    ...app,
    database: {
      migrations: {
        command: print('migrated'),
        currentCommand: print('r1'),
        headCommand: print('r1'),
        olderReleaseRuns: true,
      },
    },
  })),
});
