import { expect, it } from 'vitest';
import { revisionId, type RevisionName } from '../../../rehearsal/images/fastapi-release.ts';
import { alembic, migrate, onPostgres, useServer } from './database.ts';
import { describeInImage, install, start, type RunningApp } from './start-app.ts';

const chain = (...names: RevisionName[]) => ({ revisions: ['notes', ...names] as const });

describeInImage('releases of the FastAPI example with migrations', () => {
  const database = useServer();
  const tables = async (url: string) => {
    const listed = await database.server.query(
      `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1`,
      new URL(url).pathname.slice(1),
    );
    return listed.map(([name]) => name).filter((name) => name !== 'alembic_version.version_num');
  };
  const addNote = async (app: RunningApp, text: string) => {
    const headers = { 'Content-Type': 'application/json' };
    return (await fetch(`${app.url}/notes`, { method: 'POST', body: JSON.stringify({ text }), headers }))
      .status;
  };

  it('expand and contract without an answer of 5xx from the release before, and without losing a note', async () => {
    const url = await database.makeUrl();
    const releases = [
      chain(),
      chain('expand'),
      chain('expand', 'backfill'),
      chain('expand', 'backfill', 'contract'),
    ];
    let before: RunningApp | undefined;
    for (const [number, release] of releases.entries()) {
      const installed = await install(release);
      await migrate(installed, url);
      if (before) {
        expect((await before.json('/')).status).toBe(200);
        expect(await addNote(before, `${number}, by the release before`)).toBe(201);
      }
      const app = await start(installed, onPostgres(url));
      expect((await app.json('/health/ready')).body).toMatchObject({ schema: 'current' });
      expect((await app.json('/')).status).toBe(200);
      expect(await addNote(app, `${number}`)).toBe(201);
      if (before) expect((await before.json('/')).status).toBe(200);
      before = app;
    }
    const notes = (await before!.json('/notes')).body as unknown as { text: string }[];
    expect(notes.map(({ text }) => text).reverse()).toEqual([
      ...['0', '1, by the release before', '1', '2, by the release before', '2'],
      ...['3, by the release before', '3'],
    ]);
    expect(await tables(url)).toEqual(['notes.body', 'notes.created_at', 'notes.id']);
  });

  it('break the release before by a renamed column, and not the one that knows it', async () => {
    const url = await database.makeUrl();
    const [old, renamed] = [await install(), await install(chain('rename'))];
    await migrate(old, url);
    const before = await start(old, onPostgres(url));
    expect(await addNote(before, 'kept')).toBe(201);
    await migrate(renamed, url);
    expect(await before.json('/')).toMatchObject({ status: 500, body: { sqlstate: '42703' } });
    expect(await before.json('/health/ready')).toMatchObject({ status: 200, body: { schema: 'ahead' } });
    const app = await start(renamed, onPostgres(url));
    expect((await app.json('/notes')).body).toMatchObject([{ text: 'kept' }]);
  });

  it.each([
    ['fails', 1, 'division by zero'],
    ['dies', 137, ''],
  ] as const)(
    'leave nothing behind where one %s, but what committed before it',
    async (name, exit, complaint) => {
      const url = await database.makeUrl();
      await migrate(await install(), url);
      const installed = await install(chain('expand', name));
      const { code, stderr } = await alembic(installed, url, 'upgrade', 'head');
      expect(code).toBe(exit);
      expect(stderr).toContain(complaint);
      expect(await tables(url)).toEqual(['notes.body', 'notes.created_at', 'notes.id', 'notes.text']);
      expect((await alembic(installed, url, 'current')).stdout.trim()).toBe(revisionId('expand'));
      expect((await alembic(installed, url, 'heads')).stdout.trim()).toBe(`${name} (head)`);
    },
  );

  it('take their time or never end, as asked', async () => {
    const url = await database.makeUrl();
    const slow = await install(chain('slow'));
    await migrate(slow, url);
    expect(await tables(url)).toContain('slowly_made.id');
    const hangs = await install(chain('slow', 'hangs'));
    const asked = alembic(hangs, `${url}&options=-c%20statement_timeout%3D500`, 'upgrade', 'head');
    expect((await asked).stderr).toContain('canceling statement due to statement timeout');
    expect(await tables(url)).not.toContain('half_done.id');
  });

  it('do not understand a database that is ahead of them, and say so', async () => {
    const url = await database.makeUrl();
    await migrate(await install(chain('expand')), url);
    const { code, stderr } = await alembic(await install(), url, 'current');
    expect(code).not.toBe(0);
    expect(stderr).toContain("Can't locate revision identified by 'expand'");
  });
});
