import { request } from 'node:http';
import { collectFacts } from '../../lambdas/lib/deployment-facts.ts';
import type { RealHost } from '../host/real/real-host.ts';
import type { ManagedDatabase } from '../managed-database/managed-database.ts';
import type { Rehearsal } from '../rehearsal.ts';
import type { RealStage } from '../stage/real-stage.ts';

/** The host's folder of an app's SQLite file. */
export const sqliteFolder = '/mnt/docker-data/edgepaas/web/sqlite';

interface DatabaseStage extends RealStage {
  readonly host: RealHost;
  readonly database: ManagedDatabase;
}

/** With the one host of a scenario, and the managed database beside it. */
export function realStage({ stage }: Rehearsal): DatabaseStage {
  const { database, hosts } = stage as RealStage;
  if (!database) throw new Error('this scenario needs a managed database beside the host');
  return { ...(stage as RealStage), host: hosts[0], database };
}

/** What a person does in Parameter Store; it takes effect with the next deployment. */
export function store(
  { deployer }: Rehearsal,
  app: string,
  name: string,
  value: string,
  type: 'String' | 'SecureString' = 'SecureString',
): void {
  deployer.ssm.parameters.put(`/edgepaas/${app}/${name}`, value, type);
}

/** What a deployment's history says of its migration. */
export async function migrationOf({ deployer }: Rehearsal, deploymentId: string) {
  return collectFacts(await deployer.ledger.runs(deploymentId)).migration;
}

/** Writes rows through port 80, as the app's users do. */
export async function writeNotes(rehearsal: Rehearsal, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const { status } = await ask(rehearsal, 'POST', '/notes', { text: `note ${index}` });
    if (status !== 201) throw new Error(`the app answered ${status} to a new note`);
  }
}

/** What the app itself counts. */
export async function countNotes(rehearsal: Rehearsal): Promise<number> {
  return (JSON.parse((await ask(rehearsal, 'GET', '/notes/count')).body) as { count: number }).count;
}

/** Rows in Postgres, past the app. */
export async function countInPostgres(rehearsal: Rehearsal): Promise<number> {
  const { database } = realStage(rehearsal);
  return Number((await database.query('select count(*) from notes', database.database))[0]![0]);
}

/** Rows in a SQLite file on the host, past the app. */
export async function countInSqlite(rehearsal: Rehearsal, file = `${sqliteFolder}/app.db`): Promise<number> {
  const { host } = realStage(rehearsal);
  return Number(await host.exec(['sqlite3', file, 'select count(*) from notes']));
}

/** A sentence for each count that is not as expected. */
export async function differences(
  counts: Readonly<Record<string, readonly [unknown, unknown]>>,
): Promise<string[]> {
  const compared = Object.entries(counts).map(async ([what, [actual, expected]]) => {
    const found = await actual;
    return found === expected ? [] : [`${what}: ${String(found)} instead of ${String(expected)}`];
  });
  return (await Promise.all(compared)).flat();
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

export function ask({ stage }: Rehearsal, method: string, path: string, body?: object): Promise<Answer> {
  const { host, port } = stage.targetOf(stage.hosts[0])!;
  const headers = body ? { 'content-type': 'application/json' } : {};
  return new Promise((resolve, reject) => {
    const asked = request(
      { host, port, method, path, headers, agent: false, timeout: 10_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => void (text += part));
        response.once('end', () => resolve({ status: response.statusCode!, body: text }));
        response.once('error', reject);
      },
    );
    asked.once('timeout', () => asked.destroy(new Error(`${method} ${path}: no answer within 10 s`)));
    asked.once('error', reject);
    asked.end(body && JSON.stringify(body));
  });
}
