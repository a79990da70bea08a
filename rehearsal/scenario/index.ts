import { defaultConfig } from '../rehearsal.ts';
import { buildScenario, checkouts } from './build.ts';
import { databaseScenario } from './database.ts';
import { hostsScenario } from './hosts.ts';
import { mainJob } from './main-job.ts';
import type { Scenario } from './tell.ts';

export interface Rehearsable {
  readonly help: string;
  readonly configFile: string;
  /** One unless said. */
  readonly hosts?: number;
  /** A managed PostgreSQL beside the hosts. */
  readonly database: boolean;
  /** What a machine that builds images has checked out, by app. */
  readonly checkouts?: Readonly<Record<string, string>>;
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
  hosts: {
    help: 'three hosts, one after the other: a canary, a failure in the last wave, one away, one more',
    configFile: 'rehearsal/hosts.config.ts',
    hosts: 3,
    database: false,
    scenario: hostsScenario,
  },
  build: {
    help: 'both examples built by Docker with and without cache, and pushed by the one script; what tags do',
    configFile: 'rehearsal/build.config.ts',
    database: false,
    checkouts,
    scenario: buildScenario,
  },
} satisfies Record<string, Rehearsable>;
export type ScenarioName = keyof typeof scenarios;

export const scenarioOf = (name: ScenarioName): Rehearsable => scenarios[name];

export const isScenario = (name: string): name is ScenarioName => name in scenarios;
