import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { alembic, migrate, onPostgres, useServer } from './database.ts';
import { describeInImage, install, onSqlite, start, type RunningApp } from './start-app.ts';

const post = (url: string, body: string | Buffer, type = 'application/json') =>
  fetch(url, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers: { 'Content-Type': type } });

const addNote = async (app: RunningApp, text: string) => {
  const response = await post(`${app.url}/notes`, JSON.stringify({ text }));
  return { status: response.status, body: (await response.json()) as { id: number } };
};

describeInImage('the FastAPI example on SQLite', () => {
  it('serves, says which release and which database it is, and names its release on every answer', async () => {
    const app = await start(await install(), {
      ...onSqlite,
      FINAL_DB_MODE_REASON: 'Postgres was out of reach',
      EDGEPAAS_SLOT: 'green',
    });
    expect(await app.json('/')).toEqual({
      status: 200,
      body: {
        app: 'fastapi-alembic',
        buildVersion: 'v1',
        slot: 'green',
        databaseMode: 'sqlite_only',
        newestNote: null,
      },
    });
    expect(await app.json('/health')).toEqual({
      status: 200,
      body: {
        status: 'healthy',
        buildVersion: 'v1',
        databaseMode: 'sqlite_only',
        databaseModeReason: 'Postgres was out of reach',
        place: 'edgepaas',
      },
    });
    expect((await app.json('/health/ready')).body).toMatchObject({ status: 'healthy', schema: 'skipped' });
    expect((await app.json('/health/live')).status).toBe(200);
    for (const path of ['/', '/health', '/metrics', '/nowhere', '/slow?ms=-1', '/notes?limit=0']) {
      expect((await fetch(app.url + path)).headers.get('X-Build-Version'), path).toBe('v1');
    }
  });

  it('keeps notes, in the file that both slots share, and the next release finds them', async () => {
    const first = await install();
    const app = await start(first, onSqlite);
    expect(await addNote(app, 'héllo "quotes" $x')).toMatchObject({ status: 201, body: { id: 1 } });
    expect(await addNote(app, 'second')).toMatchObject({ status: 201, body: { id: 2 } });
    expect((await addNote(app, '')).status).toBe(422);
    await fetch(app.url);
    expect((await app.json('/notes/count')).body).toEqual({ count: 2 });
    expect((await app.json('/notes?limit=1')).body).toMatchObject([{ id: 2, text: 'second' }]);
    expect(existsSync(join(first.data, 'app.db'))).toBe(true);

    const next = await start(await install({ revisions: ['notes', 'expand'] }, first.data), onSqlite);
    expect(await addNote(next, 'third')).toMatchObject({ status: 201, body: { id: 3 } });
    const { body } = await next.json('/notes');
    expect(body).toMatchObject([
      { id: 3, text: 'third', body: 'third' },
      { id: 2, text: 'second', body: null },
      { id: 1, text: 'héllo "quotes" $x' },
    ]);
    expect(await addNote(app, 'of the old release, which still runs')).toMatchObject({ status: 201 });
    expect((await next.json('/notes/count')).body).toEqual({ count: 4 });
  });

  it('serves 200 in one process while another writes', async () => {
    const installed = await install();
    const apps = [await start(installed, onSqlite), await start(installed, onSqlite)];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => (n % 3 ? fetch(apps[n % 2]!.url) : addNote(apps[n % 2]!, `${n}`))),
    );
    expect([...new Set(answers.map(({ status }) => status))].sort()).toEqual([200, 201]);
    expect((await apps[0]!.json('/notes/count')).body).toEqual({ count: 20 });
  });

  it('echoes, takes uploads, answers slowly, counts', async () => {
    const app = await start(await install(), onSqlite);
    const bytes = randomBytes(100_000);
    const echo = await post(`${app.url}/echo`, bytes, 'application/octet-stream');
    expect(Buffer.from(await echo.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await post(`${app.url}/echo`, Buffer.alloc((1 << 20) + 1))).status).toBe(413);
    expect(await (await post(`${app.url}/upload`, bytes)).json()).toEqual({
      bytes: 100_000,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect((await app.json('/slow?ms=5')).body).toEqual({ sleptMs: 5 });
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(metrics).toContain('app_info{build_version="v1",database_mode="sqlite_only"} 1\n');
    expect(metrics).toContain('app_requests_total{status="200"} 3\n');
    expect(metrics).toContain('app_requests_total{status="413"} 1\n');
    expect(metrics).toMatch(/\nprocess_resident_memory_bytes [1-9]\d{6,}\n/);
    for (const line of metrics.trim().split('\n'))
      expect(line).toMatch(/^(# TYPE \w+ \w+|\w+(\{.*\})? [\d.]+)$/);
  });

  it('says when the system is exhausted, by thresholds of the environment', async () => {
    const app = await start(await install(), onSqlite);
    expect(await app.json('/health/system')).toMatchObject({ status: 200, body: { status: 'healthy' } });
    const strict = await start(await install(), { ...onSqlite, MAX_MEMORY_PERCENT: '0' });
    const { status, body } = await strict.json('/health/system');
    expect([status, body['status']]).toEqual([503, 'exhausted']);
    expect(body['memoryPercent']).toBeGreaterThan(0);
  });

  it('answers where the deployer asks, and shadows nothing there', async () => {
    const app = await start(await install(), { ...onSqlite, HEALTH_PATH: '/health/ready' });
    expect((await app.json('/health/ready')).body).toMatchObject({ schema: 'skipped' });
    const other = await start(await install(), { ...onSqlite, HEALTH_PATH: '/up' });
    expect((await other.json('/up')).body).toMatchObject({ status: 'healthy', place: 'edgepaas' });
  });

  it('is a release that never becomes healthy with HEALTH=never, though it serves', async () => {
    const app = await start(await install(), { ...onSqlite, HEALTH: 'never', HEALTH_PATH: '/up' });
    for (const path of ['/up', '/health', '/health/live', '/health/ready', '/health/system']) {
      expect((await app.json(path)).status, path).toBe(503);
    }
    expect((await app.json('/')).status).toBe(200);
  });
});

describeInImage('the FastAPI example on Postgres', () => {
  const database = useServer();

  it('is ready when the schema is what it brings, and not before', async () => {
    const [installed, url] = [await install(), await database.makeUrl()];
    const app = await start(installed, onPostgres(url));
    expect(await app.json('/health/ready')).toMatchObject({ status: 503, body: { schema: 'behind' } });
    expect((await app.json('/health')).status).toBe(200);
    expect(await app.json('/')).toMatchObject({
      status: 500,
      body: { error: 'database', sqlstate: '42P01' },
    });
    await migrate(installed, url);
    expect(await app.json('/health/ready')).toMatchObject({ status: 200, body: { schema: 'current' } });
    expect(await app.json('/')).toMatchObject({ status: 200, body: { databaseMode: 'postgres_only' } });
    expect(await addNote(app, 'one')).toMatchObject({ status: 201 });
    await fetch(app.url);
    expect((await app.json('/notes/count')).body).toEqual({ count: 1 });
    expect((await app.json('/notes')).body).toMatchObject([{ text: 'one' }]);
  });

  it('stays ready when a newer release has migrated, and a newer release is not ready before', async () => {
    const [installed, url] = [await install(), await database.makeUrl()];
    const newer = await install({ revisions: ['notes', 'expand'] });
    await migrate(installed, url);
    const [app, next] = [await start(installed, onPostgres(url)), await start(newer, onPostgres(url))];
    expect(await next.json('/health/ready')).toMatchObject({ status: 503, body: { schema: 'behind' } });
    await migrate(newer, url);
    expect(await next.json('/health/ready')).toMatchObject({ status: 200, body: { schema: 'current' } });
    expect(await app.json('/health/ready')).toMatchObject({ status: 200, body: { schema: 'ahead' } });
    expect((await app.json('/')).status).toBe(200);
  });

  it('answers 503 while the database is away, stays healthy, and takes it up again', async () => {
    const [installed, url] = [await install(), await database.makeUrl()];
    await migrate(installed, url);
    const app = await start(installed, { ...onPostgres(url), FINAL_DB_MODE: 'try_postgres' });
    await addNote(app, 'before');
    await database.server.stop();
    try {
      expect(await app.json('/')).toMatchObject({ status: 503, body: { kind: 'OperationalError' } });
      expect((await app.json('/health/ready')).status).toBe(503);
      expect((await app.json('/health')).body).toMatchObject({
        status: 'healthy',
        databaseMode: 'try_postgres',
      });
    } finally {
      await database.server.start();
    }
    expect((await app.json('/')).status).toBe(200);
    expect((await app.json('/health/ready')).status).toBe(200);
    expect((await app.json('/notes/count')).body).toEqual({ count: 1 });
  });

  it('uses sslmode and sslrootcert as the URL has them', async () => {
    const installed = await install();
    const url = await database.makeUrl();
    const verified = `${url.replace('sslmode=require', 'sslmode=verify-full')}&sslrootcert=/etc/ssl/certs/none.pem`;
    const { code, stderr } = await alembic(installed, verified, 'current');
    expect(code).not.toBe(0);
    expect(stderr).toContain('none.pem');
    const plain = await alembic(installed, url.replace('sslmode=require', 'sslmode=disable'), 'current');
    expect(plain.stderr).toContain('no encryption');
    expect(await alembic(installed, url, 'current')).toMatchObject({ code: 0, stdout: '' });
  });
});
