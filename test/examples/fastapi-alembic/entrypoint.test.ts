import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rootCertificates } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { alembic, migrate, onPostgres, useServer } from './database.ts';
import { describeInImage, install, onSqlite, run, start, type Environment, type Run } from './start-app.ts';

const unreachable = {
  DATABASE_URL: 'postgresql://app:hush%21@127.0.0.1:1/app',
  MAX_RETRIES: '2',
  RETRY_INTERVAL: '1',
};
const places: [string, Environment, 'docker' | 'elsewhere'][] = [
  ['laptop', {}, 'elsewhere'],
  ['docker', {}, 'docker'],
  ['edgepaas', { EDGEPAAS_APP: 'shop' }, 'docker'],
];

/** What the command sees that the entrypoint becomes. */
async function factsOf(environment: Environment, place: 'docker' | 'elsewhere' = 'elsewhere') {
  const print = 'import json, os; print(json.dumps(dict(os.environ)))';
  const asked = await run(await install(), environment, ['python3', '-c', print], place);
  if ((await asked.ended) !== 0) throw new Error(asked.stderr());
  return JSON.parse(asked.stdout()) as Record<string, string>;
}

async function stderrLine(app: Run, text: string): Promise<void> {
  for await (const line of createInterface({ input: app.process.stderr! })) if (line.includes(text)) return;
  throw new Error(`It ended with ${await app.ended} and did not say ${text}`);
}

describeInImage('the entrypoint of the FastAPI example', () => {
  it.each(places)('knows a %s', async (name, environment, place) => {
    const facts = await factsOf({ USE_SQLITE: 'true', ...environment }, place);
    expect(facts).toMatchObject({ APP_PLACE: name, FINAL_DB_MODE: 'sqlite_only' });
    const file = name === 'laptop' ? 'sqlite:////app/data/app.db' : 'sqlite:////data/sqlite/app.db';
    expect(facts['SQLALCHEMY_URL']).toBe(file);
  });

  it('obeys a mode that is given, without a look at the database', async () => {
    const reason = `it's "odd" $HOME \`id\` \\ é`;
    const given = { FINAL_DB_MODE: 'try_postgres', FINAL_DB_MODE_REASON: reason, EDGEPAAS_APP: 'shop' };
    const facts = await factsOf({ ...unreachable, ...given });
    expect(facts).toMatchObject({ FINAL_DB_MODE: 'try_postgres', FINAL_DB_MODE_REASON: reason });
    expect(facts['SQLALCHEMY_URL']).toBe(unreachable.DATABASE_URL);
    const url = 'sqlite:////data/sqlite/other.db';
    const sqlite = { FINAL_DB_MODE: 'sqlite_only', DATABASE_URL_SQLITE: url };
    expect((await factsOf({ ...unreachable, ...sqlite }))['SQLALCHEMY_URL']).toBe(url);
  });

  it('leaves no file behind', async () => {
    const listed = await run(await install(), onSqlite, ['sh', '-c', 'ls -A /dev/shm /tmp']);
    expect(await listed.ended).toBe(0);
    expect(listed.stdout().trim()).toBe('/dev/shm:\n\n/tmp:');
  });

  it('falls back to SQLite where both are allowed, and otherwise ends with the reason', async () => {
    const facts = await factsOf({ ...unreachable, BOTH_DB: 'true' });
    expect(facts).toMatchObject({
      FINAL_DB_MODE: 'sqlite_only',
      FINAL_DB_MODE_REASON: 'Postgres was out of reach in 2 attempts 1 s apart',
    });
    const failed = await run(await install(), unreachable);
    expect(await failed.ended).toBe(1);
    expect(failed.stderr()).toContain('(attempt 1 of 2)');
    expect(failed.stderr()).toContain('Postgres was out of reach in 2 attempts 1 s apart\n');
    expect(failed.stderr() + failed.stdout()).not.toMatch(/hush/);
  });

  it.each([
    [{}, 'DATABASE_URL is not set: set it, or USE_SQLITE=true'],
    [{ USE_SQLITE: 'yes' }, 'USE_SQLITE must be true or false'],
    [{ ...unreachable, MAX_RETRIES: 'hush' }, 'MAX_RETRIES must be a whole number from 0 to 1000'],
    [{ FINAL_DB_MODE: 'hush', DATABASE_URL: 'postgresql://hush@x/y' }, 'FINAL_DB_MODE must be one of'],
    [{ ...onSqlite, BUILD_VERSION: '' }, 'BUILD_VERSION is not set: build the image with it'],
    [{ ...onSqlite, CONTAINER_PORT: 'hush' }, 'CONTAINER_PORT must be a whole number from 0 to 65535'],
  ])('says what is wrong with %o', async (environment, complaint) => {
    const failed = await run(await install(), environment as Environment);
    expect(await failed.ended).toBe(1);
    expect(failed.stderr()).toContain(complaint);
    expect(failed.stderr()).not.toMatch(/hush|Traceback/);
  });

  it('ends at once when it is told to stop while it waits', async () => {
    const waiting = await run(await install(), {
      ...unreachable,
      MAX_RETRIES: '1000',
      RETRY_INTERVAL: '3600',
    });
    await stderrLine(waiting, 'attempt 1 of 1000');
    waiting.process.kill('SIGTERM');
    expect(await waiting.ended).toBe(143);
  });

  it('quotes nothing of a password that is not percent-encoded', async () => {
    const url = 'postgresql://app:hush@hush@nowhere.invalid/app';
    const failed = await run(await install(), { DATABASE_URL: url, MAX_RETRIES: '1' });
    expect(await failed.ended).toBe(1);
    expect(failed.stderr()).toContain('(attempt 1 of 1): the name of its host is not known');
    expect(failed.stderr()).not.toMatch(/hush|Traceback/);
  });

  // What libpq 15 said of a server that was stopped and started again and again, and of others.
  it.each([
    ['FATAL:  the database system is starting up', 'the server is starting'],
    ['FATAL:  the database system is not yet accepting connections', 'the server is starting'],
    ['FATAL:  the database system is in recovery mode', 'the server is starting'],
    ['FATAL:  the database system is shutting down', 'the server is shutting down'],
    ['FATAL:  terminating connection due to unexpected postmaster exit', 'the server is shutting down'],
    ['SSL SYSCALL error: EOF detected', 'the connection was cut'],
    ['server closed the connection unexpectedly', 'the connection was cut'],
    ['FATAL:  sorry, too many clients already', 'the server has no connection to spare'],
    ['FATAL:  database "app" is not currently accepting connections', 'refused'],
    ['SSL error: certificate verify failed', 'refused'],
    ['server does not support SSL, but SSL was required', 'refused'],
  ])('waits, or does not, when libpq says %s', async (said, expected) => {
    const code = [
      'import psycopg2',
      'from app import wait_for_database as asked',
      `def connect(*_, **__): raise psycopg2.OperationalError(${JSON.stringify(said)})`,
      'psycopg2.connect = connect',
      'try: print(asked.try_once("postgresql://app@db/app"))',
      'except asked.DatabaseRefused: print("refused")',
    ];
    const asked = await run(await install(), onSqlite, ['python3', '-c', code.join('\n')]);
    expect([await asked.ended, asked.stdout()]).toEqual([0, `${expected}\n`]);
  });

  it('gives up an attempt that a server takes and never answers', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => (sockets.forEach((socket) => socket.destroy()), void silent.close()));
    const { port } = silent.address() as AddressInfo;
    const url = `postgresql://app:hush@127.0.0.1:${port}/app`;
    const facts = await factsOf({ DATABASE_URL: url, MAX_RETRIES: '1', BOTH_DB: 'true' });
    expect(facts).toMatchObject({ FINAL_DB_MODE: 'sqlite_only' });
  });
});

describeInImage('the entrypoint of the FastAPI example with Postgres', () => {
  const database = useServer();

  it('finds Postgres by either scheme and either way of asking', async () => {
    const url = await database.makeUrl();
    const facts = await factsOf({ DATABASE_URL: url.replace('postgresql:', 'postgres:') });
    expect(facts).toMatchObject({ FINAL_DB_MODE: 'postgres_only', SQLALCHEMY_URL: url });
    expect(await factsOf({ DATABASE_URL: url, BOTH_DB: 'true' })).toMatchObject({
      FINAL_DB_MODE: 'try_postgres',
      FINAL_DB_MODE_REASON: 'Postgres is in reach',
    });
  });

  it('waits for a database that comes later', async () => {
    const [installed, url] = [await install(), await database.makeUrl()];
    await migrate(installed, url);
    await database.server.stop();
    const patience = { MAX_RETRIES: '1000', RETRY_INTERVAL: '1' };
    const waiting = await run(installed, { DATABASE_URL: url, ...patience }, [
      'python3',
      '-m',
      'app.wait_for_database',
    ]);
    const booting = start(installed, { DATABASE_URL: url, ...patience });
    booting.catch(() => {}); // awaited below
    await stderrLine(waiting, 'attempt 2 of 1000').finally(() => database.server.start());
    expect(await waiting.ended).toBe(0);
    const app = await booting;
    expect((await app.json('/')).body).toMatchObject({ databaseMode: 'postgres_only' });
  });

  it.each([
    [
      'a wrong password',
      (url: string) => url.replace(/:[^:@]*@/, ':hush@'),
      'password authentication failed',
    ],
    [
      'a missing database',
      (url: string) => url.replace(/\/[^/]*$/, '/none?sslmode=require'),
      'does not exist',
    ],
    ['no SSL', (url: string) => url.replace('=require', '=disable'), 'not without SSL'],
    ['no URL at all', () => 'hush', 'no connection string'],
    [
      'a password with a slash',
      (url: string) => url.replace(/:[^:@]*@/, ':hush/hush@'),
      'no connection string',
    ],
  ])('does not wait, nor fall back, for %s', async (_, change, complaint) => {
    const url = change(await database.makeUrl());
    const patience = { BOTH_DB: 'true', MAX_RETRIES: '1000', RETRY_INTERVAL: '3600' };
    const refused = await run(await install(), { DATABASE_URL: url, ...patience });
    expect(await refused.ended).toBe(1);
    expect(refused.stderr()).toContain(complaint);
    expect(refused.stderr()).not.toMatch(/hush|Traceback/);
    expect(refused.stderr()).not.toContain(encodeURIComponent(database.server.password));
  });

  it('trusts the authority that the URL names, and no other', async () => {
    const [installed, url] = [await install(), await database.makeUrl()];
    writeFileSync(join(installed.data, 'ca.pem'), database.server.authority);
    writeFileSync(join(installed.data, 'other.pem'), rootCertificates[0]!);
    const verify = (file: string) => url.replace('=require', `=verify-full&sslrootcert=/data/sqlite/${file}`);
    await migrate(installed, verify('ca.pem'));
    const app = await start(installed, { DATABASE_URL: verify('ca.pem') });
    expect((await app.json('/health/ready')).status).toBe(200);
    const refused = await run(installed, { DATABASE_URL: verify('other.pem'), BOTH_DB: 'true' });
    expect(await refused.ended).toBe(1);
    expect(refused.stderr()).toContain("the server's certificate is not trusted");
    const blind = await start(installed, onPostgres(verify('other.pem')));
    expect((await blind.json('/health/ready')).status).toBe(503);
  });

  it('migrates first where nobody else does', async () => {
    const [installed, url] = [await install(), await database.makeUrl()];
    const app = await start(installed, { DATABASE_URL: url, RUN_MIGRATIONS: 'true' });
    expect((await app.json('/health/ready')).body).toMatchObject({ schema: 'current' });
    const given = await start(installed, {
      ...onPostgres(await database.makeUrl()),
      RUN_MIGRATIONS: 'false',
    });
    expect((await given.json('/health/ready')).body).toMatchObject({ schema: 'behind' });
  });

  it('has no password in what app and migrations say, even when they fail', async () => {
    const [installed, url] = [await install({ revisions: ['notes', 'fails'] }), await database.makeUrl()];
    const { code, stdout, stderr } = await alembic(installed, url, 'upgrade', 'head');
    expect(code).toBe(1);
    const app = await start(installed, onPostgres(url));
    await database.server.query('DROP TABLE notes', new URL(url).pathname.slice(1));
    expect((await app.json('/')).status).toBe(500);
    app.process.kill('SIGTERM');
    await app.ended;
    const said = stdout + stderr + app.stdout() + app.stderr();
    for (const secret of [database.server.password, encodeURIComponent(database.server.password)]) {
      expect(said).not.toContain(secret);
    }
    expect(said).toContain('division by zero');
    expect(app.stdout()).toContain('"event": "database-failure", "path": "/", "kind": "ProgrammingError"');
  });
});
