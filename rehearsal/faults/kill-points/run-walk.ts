import { setTimeout as sleep } from 'node:timers/promises';
import { migrationCommands } from '../../phases/migration-image.ts';
import { PhaseHost, type Values } from '../../phases/phase-host.ts';
import { valuesOf, valuesOfEnvironment } from '../../phases/values.ts';
import type { Walk } from './draw.ts';
import type { Ground } from './ground.ts';
import { prepareToKill } from './killable-host.ts';
import { Killing } from './killing.ts';

/** A deployment of the app web, forward or back. */
export async function runWebWalk(ground: Ground, walk: Walk): Promise<Killing> {
  const deployment = await ground.nextWalk();
  const killing = new Killing(ground.host, ground.load);
  for (const step of walk.phases) {
    if (step.isLeft) deployment.leave(step.phase);
    await killing.run(step, deployment.values, () => ground.check(deployment.finish(step.phase)));
  }
  return killing;
}

const settings = { sslMode: 'require', sqliteOnManyHosts: false } as const;

/** As far as the migration, which must be done once; the app web goes on beside it. */
export async function runDatabaseWalk(ground: Ground, walk: Walk): Promise<Killing> {
  const { host } = ground;
  await host.database.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION app; SET ROLE app;
    CREATE TABLE notes (id serial PRIMARY KEY, text text);
    INSERT INTO notes (text) SELECT 'row ' || n FROM generate_series(1, 1000) n;
    CREATE TABLE schema_revision AS SELECT 'a' AS revision`);
  host.parameters.DATABASE_URL = host.database.url;
  const values = databaseValues(ground);
  const killing = new Killing(host, ground.load);
  for (const step of walk.phases) {
    const isLast = step.phase === 'run-migrations';
    await killing.run(step, values, async () => [
      ...(await ground.check()),
      ...(isLast ? await findDatabaseProblems(host) : []),
    ]);
  }
  return killing;
}

let deployments = 0;

function databaseValues({ host, migrations }: Ground): Values {
  const fence = ++deployments;
  return {
    ...valuesOf(host, fence, migrations),
    ...{ app: 'notes', deploymentId: `notes-${fence}` },
    ...valuesOfEnvironment({}, settings),
    ...{ databaseMode: 'postgres_only', databaseReason: 'Postgres answers' },
    ...{ hostCount: '1', sqliteOnManyHosts: 'false' },
    ...migrationCommands,
  };
}

async function findDatabaseProblems(host: PhaseHost): Promise<string[]> {
  const { database } = host;
  const ask = `SELECT (SELECT count(*) FROM notes), (SELECT count(*) FROM notes WHERE text = 'of b'), (SELECT string_agg(revision, ' ') FROM schema_revision)`;
  const [found] = await database.query(ask);
  const containers = await host.shell('docker ps --all --quiet --filter label=edgepaas.migration');
  return [
    ...(found?.join() === '1001,1,b' ? [] : [`rows, rows of b, revision are ${found?.join()}`]),
    ...(containers ? [`a migration's container is left: ${containers}`] : []),
    ...(await findSessions(database)),
  ];
}

/** The server takes a moment to notice that a client has gone. */
async function findSessions(database: PhaseHost['database']): Promise<string[]> {
  const ask = `SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'edgepaas-%'
    UNION ALL SELECT 'an advisory lock' FROM pg_locks WHERE locktype = 'advisory'`;
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await database.query(ask);
    if (found.length === 0) return [];
    if (Date.now() > deadline) return found.map(([name]) => `the server still has ${name}`);
    await sleep(100);
  }
}

const installed = `cat /etc/fstab | grep -c docker-data; dpkg --audit; systemctl is-system-running
  curl -s http://127.0.0.1/; find /etc /var/lib/edgepaas /mnt/docker-data -maxdepth 5 -path '/mnt/docker-data/*/*' -prune \\
    -o '(' -name '*.new' -o -name '.edgepaas-*' ')' -print`;
const wanted = '1\nrunning\nNo release of this app is live yet.';

/** The phases that install, on a host of their own. */
export async function runInstallWalk(walk: Walk): Promise<Killing> {
  const host = await PhaseHost.create();
  try {
    await prepareToKill(host);
    const killing = new Killing(host);
    const filesystem = walk.name.endsWith('2') ? 'ext4' : 'xfs';
    const values = { ...valuesOf(host, 1), filesystem };
    for (const step of walk.phases) await killing.run(step, values, async () => []);
    killing.problems.push(...(await findInstallProblems(host, values)));
    return killing;
  } finally {
    await host.close();
  }
}

async function findInstallProblems(host: PhaseHost, values: Values): Promise<string[]> {
  const { prepared, missing } = (await host.finish('inspect', values)) as {
    prepared: boolean;
    missing: string[];
  };
  const found = await host.shell(installed);
  return [
    ...(prepared ? [] : missing),
    ...(found === wanted ? [] : [`the host says ${JSON.stringify(found)}`]),
  ];
}
