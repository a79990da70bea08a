import type { Rehearsal } from '../../rehearsal.ts';
import type { DeploymentReport } from '../../report/report.ts';
import { countInPostgres, countInSqlite, differences, realStage } from '../notes.ts';

/** Rows that the scenario writes, each where it stays to the end. */
export const inSqlite = 25;
export const inPostgres = 30;
/** In the databases that the app is moved to later. */
export const elsewhere = 10;

export const untouched = (rehearsal: Rehearsal) =>
  differences({
    'rows in Postgres': [countInPostgres(rehearsal), inPostgres],
    'rows in the SQLite file': [countInSqlite(rehearsal), inSqlite],
    'tables half made': [tablesLike(rehearsal, 'half%'), 0],
  });

export const tablesLike = async (rehearsal: Rehearsal, name: string): Promise<number> => {
  const { database } = realStage(rehearsal);
  const sql = `select count(*) from pg_tables where tablename like '${name}'`;
  return Number((await database.query(sql, database.database))[0]![0]);
};

/** What a migration should have done, for `differences`. */
export const migration = ({ migration: facts }: DeploymentReport, from: string, to: string) => ({
  'migrated from': [facts?.from, from] as const,
  'migrated to': [facts?.to, to] as const,
});
