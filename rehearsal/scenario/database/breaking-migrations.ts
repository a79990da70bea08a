import { fastApi } from '../../images/fastapi-release.ts';
import { countNotes, differences, realStage, store, writeNotes } from '../notes.ts';
import type { Step } from '../tell.ts';
import { elsewhere, migration, untouched } from './rows.ts';

export const broken: Step[] = [
  {
    title: 'Another database, by a changed parameter',
    inTests: false,
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
    inTests: false,
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
    inTests: false,
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
