import { setTimeout as sleep } from 'node:timers/promises';
import { fastApi } from '../../images/fastapi-release.ts';
import type { Rehearsal, Walked } from '../../rehearsal.ts';
import { differences, realStage } from '../notes.ts';
import type { Step } from '../tell.ts';
import { untouched } from './rows.ts';

export const failed: Step[] = [
  {
    title: 'A migration that fails in the middle',
    inTests: false,
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
