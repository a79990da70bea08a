import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import type { Image } from '../../rehearsal/images/image.ts';
import { fastApi, type RevisionName } from '../../rehearsal/images/fastapi-release.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { MigrationHost } from './migration-host.ts';
import type { Values } from '../../rehearsal/phases/phase-host.ts';

/** Those of the example app, instead of the ones of `makeMigrationImage`. */
const alembic = {
  migrationCommand: '["alembic","upgrade","head"]',
  currentCommand: '["alembic","current"]',
  headCommand: '["alembic","heads"]',
};

/** As the release that is live has made it, with rows to be counted. */
const atFirstRevision = `DROP TABLE IF EXISTS notes, alembic_version;
  CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL DEFAULT '', created_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO notes (text) SELECT 'row' FROM generate_series(1, 100);
  CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
  INSERT INTO alembic_version VALUES ('0001_notes')`;

describeRealHost('run-migrations under traffic', () => {
  let host: MigrationHost;
  let live: Image;

  beforeAll(async () => {
    host = await MigrationHost.create();
    await host.reset();
    live = await release('v1', 'notes');
    await walk(live, 'run-migrations', 'start-candidate', 'switch-traffic', 'retire');
  }, 300_000);
  afterAll(() => host?.close());
  beforeEach(async () => {
    await host.database.query(`SET ROLE app; ${atFirstRevision}`);
    const load = "curl -s -o /dev/null --rate 20/s 'http://127.0.0.1/?[1-1000000]'";
    await host.phaseHost.shell(`docker start $(docker ps --all --quiet --filter label=edgepaas.app=web)
      systemd-run -q --unit load ${load}`);
    await expect.poll(page, { timeout: 10_000 }).toBe('200 v1');
    // What a test before has broken is not how this live release did.
    await host.phaseHost.shell(': >/var/log/nginx/edgepaas/web.log');
  });
  afterEach(() => host.phaseHost.shell('systemctl stop load'));

  const release = (version: string, ...revisions: RevisionName[]) =>
    host.phaseHost.push(fastApi.release(version, { revisions }));
  const page = () =>
    host.phaseHost.shell("curl -s -o /dev/null -w '%{http_code} %header{x-build-version}' http://127.0.0.1/");

  /** A deployment as far as these phases. */
  async function walk(image: Image, ...phases: PhaseName[]): Promise<Values> {
    const values = await host.prepare(image, alembic);
    for (const phase of phases) await host.done(phase, values);
    return values;
  }

  it('a release that keeps serving is found healthy, with not one request lost', async () => {
    const facts = await host.migrate(await release('v2', 'notes', 'expand'), alembic);
    expect(facts).toMatchObject({
      skipped: '',
      from: '0001_notes',
      to: 'expand',
      live: 'healthy',
      status5xx: 0,
    });
    expect(facts.requests).toBeGreaterThan(10);
    expect(await host.count('notes')).toBe(100);
    await host.expectQuiet();
  });

  it('a release that the migration breaks is seen, its losses are counted, and the deployment stops or goes on', async () => {
    const values = await host.prepare(await release('v3', 'notes', 'rename'), {
      ...alembic,
      whenLiveBreaks: 'stop',
    });
    const { failure, cause } = await host.fail(values);
    expect(failure).toBe('migration-broke-live');
    expect(cause).toMatch(
      /^The migration from 0001_notes to rename broke the live release: \d+ of \d+ requests/,
    );
    expect(cause).toContain('The database stays at rename');
    // Sent again after a kill, it says so again: what has happened does not become nothing-pending.
    expect((await host.fail(values)).failure).toBe('migration-broke-live');
    const facts = await host.finish({ ...values, whenLiveBreaks: 'go-forward' });
    expect(facts).toMatchObject({ skipped: '', to: 'rename', live: 'broken-by-migration' });
    expect(facts.status5xx).toBeGreaterThanOrEqual(3);
    expect(facts.requests).toBeGreaterThan(facts.status5xx);
  });

  it('a release that was broken before blocks nothing', async () => {
    await host.phaseHost.shell('docker stop -t 1 $(docker ps --quiet --filter label=edgepaas.app=web)');
    const values = await host.prepare(await release('v3', 'notes', 'rename'), {
      ...alembic,
      whenLiveBreaks: 'stop',
    });
    expect(await host.finish(values)).toMatchObject({ to: 'rename', live: 'broken-before' });
  });

  it('a migration that fails after it has broken the live release says both', async () => {
    const values = await host.prepare(await release('v3', 'notes', 'rename', 'fails'), alembic);
    const { failure, cause } = await host.fail(values);
    expect(failure).toBe('migration-failed');
    expect(cause).toContain('the database is at rename, and was at 0001_notes. That broke the live release');
  });

  it('the way back over a migration needs a declaration once the candidate has had traffic', async () => {
    const image = await release('v2', 'notes', 'expand');
    const unseen = await walk(image, 'run-migrations', 'start-candidate');
    const removed = await host.done('revert', { ...unseen, schema: 'newer' });
    expect(removed).toMatchObject({ switched: false, onNewerSchema: false, liveDigest: live.digest });
    expect(await page()).toBe('200 v1');
    const values = await walk(image, 'start-candidate', 'switch-traffic');
    const refused = await host.phaseHost.run('revert', { ...values, schema: 'newer' });
    expect(refused.receipt).toMatchObject({
      failure: 'revert-failed',
      cause: expect.stringContaining('database.migrations.olderReleaseRuns') as string,
    });
    expect(await page()).toBe('200 v2');
    const facts = await host.done('revert', { ...values, schema: 'newer-safe' });
    expect(facts).toMatchObject({ switched: true, onNewerSchema: true, liveDigest: live.digest });
    expect(await page()).toBe('200 v1');
  });
});
