import { defaultConfig } from '../rehearsal.ts';
import { databaseScenario } from './database.ts';
import { mainJob } from './main-job.ts';
import type { Scenario } from './tell.ts';

interface Rehearsable {
  readonly help: string;
  readonly configFile: string;
  /** A managed PostgreSQL beside the host. */
  readonly database: boolean;
  readonly scenario: Scenario;
}

export const scenarios = {
  'main-job': {
    help: 'live, replaced under load, refused, brought back, rolled back',
    configFile: defaultConfig,
    database: false,
    scenario: mainJob,
  },
  database: {
    help: 'every database mode, and migrations that go well, fail, hang, die and break, under load',
    configFile: 'rehearsal/database.config.ts',
    database: true,
    scenario: databaseScenario,
  },
} satisfies Record<string, Rehearsable>;
export type ScenarioName = keyof typeof scenarios;

export const isScenario = (name: string): name is ScenarioName => name in scenarios;
