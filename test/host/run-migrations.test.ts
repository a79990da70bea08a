import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { createNotes, MigrationHost } from './migration-host.ts';
import type { Values } from '../../rehearsal/phases/phase-host.ts';

/** Rows of a failed revision that must not stay. */
const halfDone =
  'ALTER TABLE notes ADD COLUMN half int; UPDATE notes SET half = 1; DELETE FROM notes WHERE id > 500;';

describeRealHost('run-migrations', () => {
  let host: MigrationHost;

  beforeAll(async () => {
    host = await MigrationHost.create();
  });
  afterAll(() => host?.close());
  beforeEach(() => host.reset());

  /** The notes as revision a made them. */
  async function expectUntouched(): Promise<void> {
    expect(await host.count('notes')).toBe(1000);
    expect(await host.columns('notes')).toEqual(['id', 'text']);
    await host.expectQuiet();
  }

  it('migrates an empty database, and finds nothing pending at the next deployment', async () => {
    const image = await host.push('v1', { a: createNotes, b: 'ALTER TABLE notes ADD COLUMN more text' });
    const values = await host.prepare(image);
    const first = await host.finish(values);
    expect(first).toMatchObject({ skipped: '', from: '', to: 'b', attempts: 1, live: 'none' });
    expect(await host.columns('notes')).toEqual(['id', 'text', 'more']);
    expect((await host.phaseHost.run('run-migrations', values)).receipt.result).toBe('already-done');
    expect(await host.migrate(image)).toMatchObject({
      skipped: 'nothing-pending',
      from: 'b',
      to: 'b',
      attempts: 0,
    });
    expect(await host.count('notes')).toBe(1000);
    await host.expectQuiet();
  });

  it('verifies the certificate of the database where its authority is known, in the container too', async () => {
    host.phaseHost.parameters.DATABASE_CA = host.database.authority;
    expect(await host.migrate(await host.push('v1', { a: createNotes }))).toMatchObject({ to: 'a' });
  });

  it('touches nothing on sqlite_only, not even a Postgres that is in reach', async () => {
    const image = await host.push('v1', { a: createNotes });
    const mode = { databaseMode: 'sqlite_only', databaseReason: 'configured' };
    expect(await host.migrate(image, mode)).toMatchObject({ skipped: 'sqlite_only', from: '', to: '' });
    expect(await host.database.query("SELECT to_regclass('notes')")).toEqual([['']]);
  });

  describe('on a database at revision a', () => {
    beforeEach(() => host.resetToNotes());

    it('leaves no trace of a revision that fails in its middle, and names the one that stands', async () => {
      const image = await host.push('v2', { a: '', b: `${halfDone} SELECT 1 / 0` });
      const { failure, cause } = await host.fail(await host.prepare(image));
      expect(failure).toBe('migration-failed');
      expect(cause).toContain('ended with exit code 3; the database is at a, as before.');
      expect(cause).toContain('division by zero');
      await expectUntouched();
    });

    it('keeps the revision before the one that failed, and says so', async () => {
      const expand = 'ALTER TABLE notes ADD COLUMN more text';
      const image = await host.push('v2', { a: '', b: expand, c: `${halfDone} SELECT 1 / 0` });
      const { cause } = await host.fail(await host.prepare(image));
      expect(cause).toContain('the database is at b, and was at a.');
      expect(await host.columns('notes')).toEqual(['id', 'text', 'more']);
      const mended = await host.push('v3', { a: '', b: '', c: 'ALTER TABLE notes DROP COLUMN more' });
      expect(await host.migrate(mended)).toMatchObject({ from: 'b', to: 'c' });
      await expectUntouched();
    });

    it('ends one that hangs, in the server too', async () => {
      const image = await host.push('v2', { a: '', b: `${halfDone} SELECT pg_sleep(600)` });
      const { failure, cause } = await host.fail(await host.prepare(image, { migrationTimeout: '2' }));
      expect(failure).toBe('migration-failed');
      expect(cause).toContain('did not end within 2 s and was stopped; the database is at a, as before');
      await expectUntouched();
    });

    it('gives up on a table that somebody holds, lest every request queue behind it', async () => {
      const { url } = host.database;
      host.phaseHost.parameters.DATABASE_URL = `${url}?application_name=web&options=-c%20search_path%3Dpublic`;
      const release = await host.holdTable('notes');
      const image = await host.push('v2', { a: '', b: halfDone });
      const { failure, cause } = await host.fail(await host.prepare(image, { lockTimeout: '1' }));
      expect(failure).toBe('migration-failed');
      expect(cause).toContain('canceling statement due to lock timeout');
      await release();
      await expectUntouched();
    });

    it('says that it was killed, if it was', async () => {
      const image = await host.push('v2', { a: '', b: `${halfDone} SELECT pg_sleep(600)` });
      const values = await host.prepare(image);
      const failing = host.fail(values);
      await host.untilAtWork();
      await host.phaseHost.shell('docker kill edgepaas-web-migration-run');
      expect((await failing).cause).toContain('was killed (exit code 137); the database is at a, as before');
      await expectUntouched();
    });

    it('refuses to be older than the schema, unless that was declared safe', async () => {
      await host.database.query(
        "ALTER TABLE notes ADD COLUMN more text; UPDATE schema_revision SET revision = 'b'",
      );
      const older = await host.push('v1', { a: createNotes });
      const refused = await host.fail(await host.prepare(older));
      expect(refused.failure).toBe('schema-ahead');
      expect(refused.cause).toContain('The database is at b, which this release does not know');
      expect(await host.migrate(older, { olderReleaseRuns: 'true' })).toMatchObject({
        ...{ skipped: 'older-release', from: 'b', to: 'b', attempts: 0 },
      });
      expect(await host.columns('notes')).toEqual(['id', 'text', 'more']);
      await host.expectQuiet();
    });

    describe('and one deployment', () => {
      let values: Values;

      beforeAll(async () => {
        await host.reset();
        values = await host.prepare(await host.push('v2', { a: '', b: halfDone }));
      });

      it.each([
        ['["/nowhere"]', 'image-not-runnable', '/nowhere'],
        ['["/bin/sh","-c","nowhere"]', 'image-not-runnable', 'exit code 127'],
        ['["/bin/sh","-c","true"]', 'migration-failed', 'the database is at a and the image brings b'],
      ])('names a command that is of no use: %s', async (migrationCommand, failure, words) => {
        const failed = await host.fail({ ...values, migrationCommand });
        expect(failed).toMatchObject({ failure, cause: expect.stringContaining(words) as string });
        await expectUntouched();
      });

      it.each([
        ['currentCommand', '["/bin/sh","-c","echo postgresql://me:secret@db/x"]', 'printed something else'],
        ['headCommand', '["/bin/sh","-c","exit 7"]', 'ended with exit code 7'],
      ])('migrates nothing when %s is of no use', async (command, value, words) => {
        const { cause } = await host.fail({ ...values, [command]: value });
        expect(cause).toContain(words);
        expect(cause).not.toContain('secret');
        await expectUntouched();
      });
    });

    it('repeats no password that a migration prints', async () => {
      const print = '\\getenv url DATABASE_URL \n \\echo :url \n \\warn :url \n SELECT 1 / 0';
      const values = await host.prepare(await host.push('v2', { a: '', b: print }));
      const { receipt, result } = await host.phaseHost.run('run-migrations', values);
      expect(receipt).toMatchObject({ result: 'failed', cause: expect.stringContaining('***') as string });
      const said = result.stdout + result.stderr;
      for (const secret of [host.database.password, encodeURIComponent(host.database.password)])
        expect(said).not.toContain(secret);
    });
  });

  it('names a Postgres that is out of reach, and one that refuses', async () => {
    const image = await host.push('v1', { a: createNotes });
    host.phaseHost.parameters.MAX_RETRIES = { value: '1', type: 'String' };
    const [values, wrong] = [await host.prepare(image), host.database.url.replace('://app:', '://app:x')];
    await host.database.stop();
    expect(await host.fail(values)).toMatchObject({ failure: 'database-unreachable' });
    await host.database.start();
    host.phaseHost.parameters.DATABASE_URL = wrong;
    expect(await host.fail(await host.prepare(image))).toMatchObject({ failure: 'database-refused' });
  });
});
