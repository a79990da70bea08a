import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { MigrationHost } from './migration-host.ts';

const notes =
  "CREATE TABLE notes (id serial PRIMARY KEY, text text); INSERT INTO notes (text) SELECT 'row ' || n FROM generate_series(1, 1000) n;";

describeRealHost('run-migrations', () => {
  let host: MigrationHost;

  beforeAll(async () => {
    host = await MigrationHost.create();
  });
  afterAll(() => host?.close());
  beforeEach(() => host.reset());

  it('migrates an empty database, and finds nothing pending at the next deployment', async () => {
    const image = await host.push('v1', { a: notes, b: 'ALTER TABLE notes ADD COLUMN more text' });
    const first = await host.migrate(image);
    expect(first).toMatchObject({ skipped: '', from: '', to: 'b', attempts: 1, live: 'none' });
    expect(await host.count('notes')).toBe(1000);
    expect(await host.migrate(image)).toMatchObject({
      skipped: 'nothing-pending',
      from: 'b',
      to: 'b',
      attempts: 0,
    });
    await host.expectQuiet();
  });
});
