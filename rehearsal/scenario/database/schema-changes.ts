import { fastApi } from '../../images/fastapi-release.ts';
import type { Rehearsal } from '../../rehearsal.ts';
import { differences, migrationOf, realStage, store } from '../notes.ts';
import type { Step } from '../tell.ts';
import { migration, tablesLike, untouched } from './rows.ts';

const all = ['notes', 'expand', 'backfill', 'contract'] as const;
export const contracted: Step[] = [
  {
    title: 'A migration that fills the new column',
    inTests: false,
    run: (rehearsal) => rehearsal.push(fastApi.release('v8', { revisions: all.slice(0, 3) })),
    expect: { outcome: 'Succeeded', serving: 'v8', nothingLost: true },
    check: untouched,
  },
  {
    title: 'A migration that contracts',
    inTests: false,
    run: (rehearsal) => rehearsal.push(fastApi.release('v9', { revisions: all })),
    expect: { outcome: 'Succeeded', serving: 'v9', nothingLost: true },
    check: async (rehearsal, deployment) => [
      ...(await differences(migration(deployment, 'backfill', 'contract'))),
      ...(await untouched(rehearsal)),
    ],
  },
  {
    title: 'A changed parameter, with the same release',
    async run(rehearsal) {
      store(rehearsal, 'web', 'GREETING', `it's "$HOME" # = ünïcode`, 'String');
      const { buildVersion } = (await rehearsal.deployer.ledger.current('web'))!;
      return rehearsal.execute({ app: 'web', buildVersion });
    },
    // v4 where the tests left out what comes between.
    expect: { outcome: 'Succeeded', serving: /^v[49]$/, nothingLost: true },
    check: async (rehearsal, { environment }) =>
      differences({
        'the variable in the container': [variable(rehearsal, 'GREETING'), `it's "$HOME" # = ünïcode`],
        'version of the parameter': [environment?.versions?.['GREETING'], 1],
      }),
  },
  {
    title: 'Two apps migrate one database at once',
    inTests: false,
    async run(rehearsal) {
      const release = fastApi.release('v10', { revisions: [...all, 'slow'] });
      const ofApi = rehearsal.nextStart('"repository-name":"api"');
      const ofWeb = rehearsal.pushOnly(release);
      await realStage(rehearsal).push(release, 'api');
      const [web] = await Promise.all([
        ofWeb.then(async ({ started }) => rehearsal.walked(await started)),
        ofApi.then((arn) => rehearsal.walked(arn)),
      ]);
      return web;
    },
    expect: { outcome: 'Succeeded', serving: 'v10', nothingLost: true },
    async check(rehearsal, { migration: ofWeb }) {
      const current = await rehearsal.deployer.ledger.current('api');
      const ofApi = await migrationOf(rehearsal, current!.deploymentId);
      return [
        ...(await differences({
          'who migrated': [
            Promise.resolve([ofWeb?.skipped, ofApi?.skipped].sort().join()),
            ',nothing-pending',
          ],
          'the other app': [current!.buildVersion, 'v10'],
          'tables made slowly': [tablesLike(rehearsal, 'slowly_made'), 1],
        })),
        ...(await untouched(rehearsal)),
      ];
    },
  },
];

/** A variable as the container that serves has it. */
async function variable(rehearsal: Rehearsal, name: string): Promise<string> {
  const script = 'docker exec "$(docker ps --quiet --filter label=edgepaas.app=web)" printenv "$0"';
  return (await realStage(rehearsal).host.exec(['bash', '-c', script, name])).replace(/\n$/, '');
}
