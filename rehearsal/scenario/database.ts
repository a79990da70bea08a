import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fastApi } from '../images/fastapi-release.ts';
import type { Rehearsal, Walked } from '../rehearsal.ts';
import { deploymentOf } from '../report/describe-deployment.ts';
import type { DeploymentReport } from '../report/report.ts';
import {
  countInPostgres,
  countInSqlite,
  countNotes,
  differences,
  migrationOf,
  realStage,
  sqliteFolder,
  store,
  writeNotes,
} from './notes.ts';
import type { Scenario, Step } from './tell.ts';

const inSqlite = 25;
const inPostgres = 30;
const all = ['notes', 'expand', 'backfill', 'contract'] as const;

/** The second database's own, which a later step moves the app to. */
const elsewhere = 10;

const untouched = (rehearsal: Rehearsal) =>
  differences({
    'rows in Postgres': [countInPostgres(rehearsal), inPostgres],
    'rows in the SQLite file': [countInSqlite(rehearsal), inSqlite],
    'tables half made': [tablesLike(rehearsal, 'half%'), 0],
  });

const tablesLike = async (rehearsal: Rehearsal, name: string): Promise<number> => {
  const { database } = realStage(rehearsal);
  const sql = `select count(*) from pg_tables where tablename like '${name}'`;
  return Number((await database.query(sql, database.database))[0]![0]);
};

const fellBack: Step[] = [
  {
    title: 'Postgres is down at first, and SQLite may stand in',
    async run(rehearsal) {
      const { database } = realStage(rehearsal);
      for (const app of ['web', 'api']) {
        store(rehearsal, app, 'DATABASE_URL', database.url);
        store(rehearsal, app, 'DATABASE_CA', database.authority, 'String');
        store(rehearsal, app, 'BOTH_DB', 'true', 'String');
        store(rehearsal, app, 'API_KEY', `key-${randomUUID()}`);
      }
      await database.stop();
      return rehearsal.push(fastApi.release('v1'));
    },
    expect: { outcome: 'Succeeded', serving: 'v1', databaseMode: 'sqlite_only' },
    async check(rehearsal) {
      await writeNotes(rehearsal, 20);
      return differences({ 'rows that the app counts': [countNotes(rehearsal), 20] });
    },
  },
  {
    title: 'The next release finds the same file, and a copy of it is kept',
    run: (rehearsal) => rehearsal.push(fastApi.release('v2')),
    expect: { outcome: 'Succeeded', serving: 'v2', databaseMode: 'sqlite_only' },
    async check(rehearsal, { deploymentId }) {
      const backup = `${sqliteFolder.replace(/sqlite$/, 'backups')}/${deploymentId}.db`;
      const before = await countNotes(rehearsal);
      await writeNotes(rehearsal, inSqlite - 20);
      return differences({
        'rows that the app counts': [before, 20],
        'rows in the backup': [countInSqlite(rehearsal, backup), 20],
        'rows in the SQLite file': [countInSqlite(rehearsal), inSqlite],
      });
    },
  },
];

const migrated: Step[] = [
  {
    title: 'Postgres is back, and is migrated',
    async run(rehearsal) {
      await realStage(rehearsal).database.start();
      return rehearsal.push(fastApi.release('v3'));
    },
    expect: { outcome: 'Succeeded', serving: 'v3', databaseMode: 'try_postgres' },
    async check(rehearsal, deployment) {
      const before = await countNotes(rehearsal);
      await writeNotes(rehearsal, inPostgres);
      return [
        ...(await differences({
          'rows in the new database': [before, 0],
          ...migration(deployment, '', '0001_notes'),
        })),
        ...(deployment.warning?.includes(sqliteFolder)
          ? []
          : ['the history does not say where the rows of SQLite stay']),
        ...(await untouched(rehearsal)),
      ];
    },
  },
  {
    title: 'Another app, whose site is new to Nginx',
    async run(rehearsal) {
      const started = rehearsal.nextStart('"repository-name":"api"');
      await realStage(rehearsal).push(fastApi.release('v3'), 'api');
      return rehearsal.walked(await started);
    },
    expect: { outcome: 'Succeeded', serving: 'v3' },
  },
  {
    title: 'A migration that expands',
    load: 'begin',
    run: (rehearsal) => rehearsal.push(fastApi.release('v4', { revisions: ['notes', 'expand'] })),
    expect: { outcome: 'Succeeded', serving: 'v4', nothingLost: true },
    check: async (rehearsal, deployment) => [
      ...(await differences(migration(deployment, '0001_notes', 'expand'))),
      ...(await untouched(rehearsal)),
    ],
  },
];

const failed: Step[] = [
  {
    title: 'A migration that fails in the middle',
    run: (rehearsal) => rehearsal.push(fastApi.release('v5', { revisions: ['notes', 'expand', 'fails'] })),
    expect: { outcome: 'Failed', failureId: 'migration-failed', serving: 'v4', nothingLost: true },
    check: untouched,
  },
  {
    title: 'A migration that hangs',
    inTests: false,
    run: (rehearsal) => rehearsal.push(fastApi.release('v6', { revisions: ['notes', 'expand', 'hangs'] })),
    expect: { outcome: 'Failed', failureId: 'migration-failed', serving: 'v4', nothingLost: true },
    check: async (rehearsal) => [
      ...(await untouched(rehearsal)),
      ...(await differences({ 'migrations still at work': [sessionsOfMigrations(rehearsal), 0] })),
    ],
  },
  {
    title: 'A migration that is killed',
    inTests: false,
    run: killMigration,
    expect: { outcome: 'Failed', failureId: 'migration-failed', serving: 'v4', nothingLost: true },
    check: untouched,
  },
];

/** Of the second of the hanging releases, as soon as the server has its statement. */
async function killMigration(rehearsal: Rehearsal): Promise<Walked> {
  const { host } = realStage(rehearsal);
  const { started } = await rehearsal.pushOnly(
    fastApi.release('v7', { revisions: ['notes', 'expand', 'hangs'], extraBytes: 1000 }),
  );
  const walking = rehearsal.walked(await started);
  let ended = false;
  void walking.then(() => (ended = true));
  while (!ended && (await sessionsOfMigrations(rehearsal)) === 0) await sleep(100);
  if (ended) return walking;
  await host.exec([
    'bash',
    '-c',
    'docker kill --signal KILL $(docker ps --quiet --filter label=edgepaas.migration)',
  ]);
  return walking;
}

const sessionsOfMigrations = async (rehearsal: Rehearsal): Promise<number> => {
  const sql = `select count(*) from pg_stat_activity where application_name like 'edgepaas-migration-%' and query like '%pg_sleep%'`;
  return Number((await realStage(rehearsal).database.query(sql))[0]![0]);
};

const contracted: Step[] = [
  {
    title: 'A migration that fills the new column',
    run: (rehearsal) => rehearsal.push(fastApi.release('v8', { revisions: all.slice(0, 3) })),
    expect: { outcome: 'Succeeded', serving: 'v8', nothingLost: true },
    check: untouched,
  },
  {
    title: 'A migration that contracts',
    run: (rehearsal) => rehearsal.push(fastApi.release('v9', { revisions: all })),
    expect: { outcome: 'Succeeded', serving: 'v9', nothingLost: true },
    check: async (rehearsal, deployment) => [
      ...(await differences(migration(deployment, 'backfill', 'contract'))),
      ...(await untouched(rehearsal)),
    ],
  },
  {
    title: 'A changed parameter, with the same release',
    run(rehearsal) {
      store(rehearsal, 'web', 'GREETING', `it's "$HOME" # = ünïcode`, 'String');
      return rehearsal.execute({ app: 'web', buildVersion: 'v9' });
    },
    expect: { outcome: 'Succeeded', serving: 'v9', nothingLost: true },
    check: async (rehearsal, { environment }) =>
      differences({
        'the variable in the container': [variable(rehearsal, 'GREETING'), `it's "$HOME" # = ünïcode`],
        'version of the parameter': [environment?.versions?.['GREETING'], 1],
      }),
  },
  {
    title: 'Two apps migrate one database at once',
    async run(rehearsal) {
      const release = fastApi.release('v10', { revisions: [...all, 'slow'] });
      const ofApi = rehearsal.nextStart('"repository-name":"api"');
      const ofWeb = rehearsal.pushOnly(release);
      await realStage(rehearsal).push(release, 'api');
      const [web, api] = await Promise.all([
        ofWeb.then(async ({ started }) => rehearsal.walked(await started)),
        ofApi.then((arn) => rehearsal.walked(arn)),
      ]);
      racer = api;
      return web;
    },
    expect: { outcome: 'Succeeded', serving: 'v10', nothingLost: true },
    async check(rehearsal, { migration: ofWeb }) {
      const ofApi = await migrationOf(rehearsal, deploymentOf(racer!));
      return [
        ...(await differences({
          'who migrated': [
            Promise.resolve([ofWeb?.skipped, ofApi?.skipped].sort().join()),
            ',nothing-pending',
          ],
          'the other app': [racer!.status, 'SUCCEEDED'],
          'tables made slowly': [tablesLike(rehearsal, 'slowly_made'), 1],
        })),
        ...(await untouched(rehearsal)),
      ];
    },
  },
];
let racer: Walked | undefined;

const broken: Step[] = [
  {
    title: 'Another database, by a changed parameter',
    async run(rehearsal) {
      store(rehearsal, 'web', 'DATABASE_URL', await realStage(rehearsal).database.createDatabase('other'));
      return rehearsal.push(fastApi.release('v11'));
    },
    expect: { outcome: 'Succeeded', serving: 'v11', nothingLost: true },
    async check(rehearsal, deployment) {
      const before = await countNotes(rehearsal);
      await writeNotes(rehearsal, elsewhere);
      return [
        ...(await differences({ 'rows in it': [before, 0], ...migration(deployment, '', '0001_notes') })),
        ...(await untouched(rehearsal)),
      ];
    },
  },
  {
    title: 'A migration that breaks the live release, and a candidate that cannot take over',
    run: (rehearsal) =>
      rehearsal.push(
        fastApi.release('v12', { revisions: ['notes', 'rename'], environment: { HEALTH: 'never' } }),
      ),
    expect: { outcome: 'Failed', failureId: 'migration-broke-live', serving: 'v11' },
    check: async (_, { migration: facts }) =>
      (facts?.status5xx ?? 0) > 0 ? [] : ['no lost request of the live release was counted'],
  },
  {
    title: 'The fix, which a broken live release does not block',
    run: (rehearsal) => rehearsal.push(fastApi.release('v13', { revisions: ['notes', 'rename'] })),
    expect: { outcome: 'Succeeded', serving: 'v13' },
    check: async (rehearsal) =>
      differences({ 'rows that the app counts': [countNotes(rehearsal), elsewhere] }),
  },
  {
    title: 'A migration that breaks the live release, and a candidate that takes over',
    inTests: false,
    async run(rehearsal) {
      store(rehearsal, 'web', 'DATABASE_URL', await realStage(rehearsal).database.createDatabase('third'));
      const before = await rehearsal.push(fastApi.release('v14'));
      if (before.status !== 'SUCCEEDED') return before;
      await writeNotes(rehearsal, elsewhere);
      return rehearsal.push(fastApi.release('v15', { revisions: ['notes', 'rename'] }));
    },
    expect: { outcome: 'Succeeded', serving: 'v15' },
    check: async (rehearsal, { migration: facts }) => [
      ...((facts?.status5xx ?? 0) > 0 ? [] : ['no lost request of the live release was counted']),
      ...(await differences({
        'the live release': [facts?.live, 'broken-by-migration'],
        'rows that the app counts': [countNotes(rehearsal), elsewhere],
      })),
    ],
  },
];

const refused: Step[] = [
  {
    title: 'Postgres is down, and nothing may stand in',
    load: 'end',
    async run(rehearsal) {
      store(rehearsal, 'web', 'BOTH_DB', 'false', 'String');
      await realStage(rehearsal).database.stop();
      return rehearsal.push(fastApi.release('v16', { revisions: ['notes', 'rename'] }));
    },
    expect: { outcome: 'Failed', failureId: 'database-unreachable', serving: /^v1[35]$/ },
    async check(rehearsal) {
      await realStage(rehearsal).database.start();
      return [
        ...(await differences({ 'rows that the app counts': [countNotes(rehearsal), elsewhere] })),
        ...(await untouched(rehearsal)),
      ];
    },
  },
];

/** What a migration should have done, for `differences`. */
const migration = ({ migration: facts }: DeploymentReport, from: string, to: string) => ({
  'migrated from': [facts?.from, from] as const,
  'migrated to': [facts?.to, to] as const,
});

/** A variable as the container that serves has it. */
async function variable(rehearsal: Rehearsal, name: string): Promise<string> {
  const script = 'docker exec "$(docker ps --quiet --filter label=edgepaas.app=web)" printenv "$0"';
  return (await realStage(rehearsal).host.exec(['bash', '-c', script, name])).replace(/\n$/, '');
}

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
