import { expect } from 'vitest';
import { phases } from '../../contracts/phases/index.ts';
import type { MigrationFacts } from '../../contracts/phases/run-migrations.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import type { Image } from '../../rehearsal/images/image.ts';
import { makeMigrationImage, migrationCommands } from '../../rehearsal/phases/migration-image.ts';
import type { PhaseHost, Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { valuesOf, valuesOfEnvironment } from '../../rehearsal/phases/values.ts';

/** A first revision, with rows to be counted. */
export const createNotes =
  "CREATE TABLE notes (id serial PRIMARY KEY, text text); INSERT INTO notes (text) SELECT 'row ' || n FROM generate_series(1, 1000) n";

/** At work until `letGo`, or only in the run that found the table there. */
export const whileHeld =
  'DO $$ BEGIN WHILE EXISTS (SELECT FROM held) LOOP PERFORM pg_sleep(0.1); END LOOP; END $$;';
export const ifHeld = 'SELECT pg_sleep(600) WHERE EXISTS (SELECT FROM held);';

/** Each question is a psql and a process of the server: what waits for seconds asks less often than the default. */
export const seldom = { interval: 250 } as const;

const database = { sslMode: 'require', sqliteOnManyHosts: false } as const;

/** A prepared host and a real Postgres, for run-migrations alone. */
export class MigrationHost {
  readonly phaseHost: PhaseHost;
  #fence = 0;

  private constructor(phaseHost: PhaseHost) {
    this.phaseHost = phaseHost;
  }

  static async create(): Promise<MigrationHost> {
    return new MigrationHost(await createPreparedHost({ database: true }));
  }

  get database() {
    return this.phaseHost.database;
  }

  /** An empty database, and nothing noted of those before. */
  async reset(): Promise<void> {
    await this.database.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION app;
      CREATE TABLE held AS SELECT 1; GRANT SELECT ON held TO app`);
    const { parameters } = this.phaseHost;
    for (const name of Object.keys(parameters)) delete parameters[name];
    parameters.DATABASE_URL = this.database.url;
  }

  /** As `createNotes` leaves it as revision a, without a deployment. */
  async resetToNotes(): Promise<void> {
    await this.reset();
    await this.database.query(`SET ROLE app; ${createNotes};
      CREATE TABLE schema_revision AS SELECT 'a' AS revision`);
  }

  async push(buildVersion: string, revisions: Readonly<Record<string, string>>): Promise<Image> {
    return this.phaseHost.push(await makeMigrationImage(buildVersion, revisions));
  }

  values(image: Image, more: Values = {}): Values {
    return {
      ...valuesOf(this.phaseHost, ++this.#fence, image),
      ...valuesOfEnvironment({}, database),
      ...{ databaseMode: 'postgres_only', databaseReason: 'Postgres answers' },
      ...migrationCommands,
      ...{
        migrationTimeout: '30',
        lockTimeout: '2',
        whenLiveBreaks: 'go-forward',
        olderReleaseRuns: 'false',
      },
      ...more,
    };
  }

  /** A deployment of another app, which has the same database. */
  ofApp(app: string): Values {
    return { app, deploymentId: `${app}-${this.#fence + 1}` };
  }

  /** All that comes before it, so that run-migrations can run. */
  async prepare(image: Image, more: Values = {}): Promise<Values> {
    const values = this.values(image, more);
    for (const phase of ['resolve-env', 'pull-release'] as const) await this.done(phase, values);
    return values;
  }

  async migrate(image: Image, more: Values = {}): Promise<MigrationFacts> {
    return this.finish(await this.prepare(image, more));
  }

  async finish(values: Values): Promise<MigrationFacts> {
    return phases['run-migrations'].facts.parse(await this.done('run-migrations', values)) as MigrationFacts;
  }

  async fail(values: Values): Promise<Receipt & { result: 'failed' }> {
    const { receipt } = await this.phaseHost.run('run-migrations', values);
    if (receipt.result !== 'failed')
      throw new Error(`run-migrations did not fail: ${JSON.stringify(receipt)}`);
    return receipt;
  }

  done = (phase: PhaseName, values: Values) => this.phaseHost.finish(phase, values);

  async count(table: string): Promise<number> {
    return Number((await this.database.query(`SELECT count(*) FROM ${table}`))[0]![0]);
  }

  async columns(table: string): Promise<string[]> {
    const ask = `SELECT column_name FROM information_schema.columns WHERE table_name = '${table}' ORDER BY ordinal_position`;
    return (await this.database.query(ask)).map(([name]) => name!);
  }

  /** Migrations that wait `whileHeld` or `ifHeld` do so no more. */
  letGo = () => this.database.query('DELETE FROM held');

  /** Until so many runs have a session for the lock: one has it, the others ask for it. */
  async untilAsking(runs: number): Promise<void> {
    const ask = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'edgepaas-lock-%'";
    await expect.poll(() => this.database.query(ask), seldom).toHaveLength(runs);
  }

  /** Until a migration has come to its pg_sleep; the pid of its session. */
  async untilAtWork(): Promise<number> {
    let pid = 0;
    const ask = `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'edgepaas-migration-%' AND wait_event = 'PgSleep'`;
    await expect
      .poll(async () => (pid = Number((await this.database.query(ask))[0]?.[0] ?? 0)), seldom)
      .toBeGreaterThan(0);
    return pid;
  }

  /** Somebody's long transaction; the function that it returns ends it. */
  async holdTable(table: string): Promise<() => Promise<void>> {
    const name = 'somebody';
    const held = this.database
      .query(`SET application_name = '${name}'; BEGIN; LOCK TABLE ${table}; SELECT pg_sleep(600)`)
      .catch(() => {}); // ended below
    const ask = `SELECT pid FROM pg_stat_activity WHERE application_name = '${name}' AND wait_event = 'PgSleep'`;
    await expect.poll(() => this.database.query(ask), seldom).toHaveLength(1);
    return async () => {
      await this.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${name}'`,
      );
      await held;
    };
  }

  /** Nothing of a migration goes on: no container, no session, no lock. */
  async expectQuiet(): Promise<void> {
    expect(await this.phaseHost.shell('docker ps --all --quiet --filter label=edgepaas.migration')).toBe('');
    const sessions = `SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'edgepaas-%'`;
    await expect.poll(() => this.database.query(sessions), seldom).toEqual([]);
    expect(await this.database.query("SELECT * FROM pg_locks WHERE locktype = 'advisory'")).toEqual([]);
  }

  close = () => this.phaseHost.close();
}
