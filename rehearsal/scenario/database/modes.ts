import { randomUUID } from 'node:crypto';
import { fastApi } from '../../images/fastapi-release.ts';
import {
  countInSqlite,
  countNotes,
  differences,
  realStage,
  sqliteFolder,
  store,
  writeNotes,
} from '../notes.ts';
import type { Step } from '../tell.ts';
import { elsewhere, inPostgres, inSqlite, migration, untouched } from './rows.ts';

export const fellBack: Step[] = [
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

export const migrated: Step[] = [
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

export const refused: Step[] = [
  {
    title: 'Postgres is down, and nothing may stand in',
    inTests: false,
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
