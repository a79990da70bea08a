import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { ifHeld, MigrationHost, seldom, whileHeld } from './migration-host.ts';

/** Done twice it would fail, and half done it would show. */
const expand = 'ALTER TABLE notes ADD COLUMN more text; UPDATE notes SET more = text;';
const held = { a: '', b: `${expand} ${whileHeld}` };
const heldOnce = { a: '', b: `${expand} ${ifHeld}` };

describeRealHost('run-migrations, whatever is killed', () => {
  let host: MigrationHost;

  beforeAll(async () => {
    host = await MigrationHost.create();
  });
  afterAll(() => host?.close());
  beforeEach(() => host.resetToNotes());

  const pgrep = (name: string) => host.phaseHost.shell(`pgrep -f ${name} | grep -vw $$ || true`);
  /** The script itself, without its group. */
  const script = "$(pgrep -of '[b]ash .*/run-migrations/_script.sh')";
  const killScript = () => host.phaseHost.shell(`kill -KILL ${script}`);
  const killGroup = () => host.phaseHost.shell(`kill -KILL -- -$(ps -o pgid= ${script} | tr -d ' ')`);
  const containers = () =>
    host.phaseHost.shell("docker ps --format '{{.Names}}' --filter label=edgepaas.migration");
  const locks = () => host.database.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory'");

  async function expectMigrated(): Promise<void> {
    expect(await host.columns('notes')).toEqual(['id', 'text', 'more']);
    expect(await host.database.query('SELECT count(*) FROM notes WHERE more = text')).toEqual([['1000']]);
    await host.expectQuiet();
  }

  it.each([
    ['script', killScript],
    ['group', killGroup],
  ])('a kill -9 of the %s leaves the lock with the container, and the next run waits', async (_, kill) => {
    const values = await host.prepare(await host.push('v2', held));
    const killed = host.phaseHost.start('run-migrations', values);
    await host.untilAtWork();
    await kill();
    expect((await killed).stdout).toBe('');
    expect(await containers()).toBe('edgepaas-web-migration-run');
    expect(await locks()).toHaveLength(1);
    const finished = host.finish(values);
    await host.untilAsking(2);
    expect(await containers()).toBe('edgepaas-web-migration-run');
    await host.letGo();
    const facts = await finished;
    expect(facts).toMatchObject({ skipped: '', from: 'a', to: 'b', attempts: 1 });
    await expectMigrated();
  });

  it('a migration that nobody watches any more is ended by the lock’s keeper when its time is up', async () => {
    const values = await host.prepare(await host.push('v2', held), { migrationTimeout: '2' });
    const killed = host.phaseHost.start('run-migrations', values);
    await host.untilAtWork();
    await killScript();
    await killed;
    await expect.poll(locks, seldom).toEqual([]);
    expect(await containers()).toBe('');
    // What the server still does is ended by the next one, under the lock.
    expect(await host.migrate(await host.push('v3', { a: '', b: expand }))).toMatchObject({
      from: 'a',
      to: 'b',
    });
    await expectMigrated();
  });

  const running = () => host.phaseHost.shell('ctr --namespace moby tasks list --quiet');
  const stopDocker = 'systemctl stop docker.socket docker.service 2>&1';

  it('a migration that goes on while Docker is away keeps the lock until it is ended', async () => {
    const failing = host.fail(await host.prepare(await host.push('v2', held), { migrationTimeout: '3' }));
    await host.untilAtWork();
    await host.phaseHost.shell(stopDocker);
    expect(await failing).toMatchObject({ failure: 'docker-not-ready' });
    await expect.poll(locks, seldom).toEqual([]);
    expect(await running()).toBe('');
    await host.phaseHost.shell('systemctl start docker.service');
    expect(await host.migrate(await host.push('v3', { a: '', b: expand }))).toMatchObject({ to: 'b' });
    await expectMigrated();
  });

  it('a migration that Docker has forgotten keeps the lock until it is ended', async () => {
    const values = await host.prepare(await host.push('v2', held), { migrationTimeout: '10' });
    const killed = host.phaseHost.start('run-migrations', values);
    await host.untilAtWork();
    const id = await host.phaseHost.shell("docker inspect --format '{{.Id}}' edgepaas-web-migration-run");
    await killScript();
    await killed;
    const record = `/mnt/docker-data/docker/containers/${id}/config.v2.json`;
    await host.phaseHost.shell(
      `${stopDocker}; sed -i 's/"Running":true/"Running":false/' ${record}; systemctl start docker.service`,
    );
    expect(await containers()).toBe('');
    expect(await running()).toBe(id);
    expect(await locks()).toHaveLength(1);
    await expect.poll(locks, seldom).toEqual([]);
    expect(await running()).toBe('');
    expect(await host.migrate(await host.push('v3', { a: '', b: expand }))).toMatchObject({ to: 'b' });
    await expectMigrated();
  });

  /** What comes before Docker when it is asked for what a command printed. */
  const beforeLogs = async (what: string, run: () => Promise<void>) => {
    await host.phaseHost.shell(`cat >/usr/local/sbin/docker <<'END'
#!/bin/sh
if [ "$1" = logs ]; then ${what}; fi
exec /usr/bin/docker "$@"
END
chmod +x /usr/local/sbin/docker`);
    await run().finally(() => host.phaseHost.shell('rm -f /usr/local/sbin/docker /run/cut'));
  };

  it('what a command printed is read again when Docker did not give it', () =>
    beforeLogs('[ -e /run/cut ] || { : >/run/cut; exit 1; }', async () => {
      const image = await host.push('v2', { a: '', b: expand });
      expect(await host.migrate(image)).toMatchObject({ from: 'a', to: 'b', attempts: 1 });
      await expectMigrated();
    }));

  it('a command that somebody removes is told as that', () =>
    beforeLogs('/usr/bin/docker rm -f edgepaas-web-migration-current', async () => {
      const { failure, cause } = await host.fail(
        await host.prepare(await host.push('v2', { a: '', b: expand })),
      );
      expect(failure).toBe('migration-failed');
      expect(cause).toContain('was removed by somebody; nothing was migrated. Its last words: (none)');
      await host.expectQuiet();
    }));

  it('a migration that ends while Docker is away gives the lock back', async () => {
    const values = await host.prepare(await host.push('v2', held), { migrationTimeout: '60' });
    const killed = host.phaseHost.start('run-migrations', values);
    await host.untilAtWork();
    await killScript();
    await killed;
    await host.phaseHost.shell(stopDocker);
    expect(await locks()).toHaveLength(1);
    await host.letGo();
    await expect.poll(locks, seldom).toEqual([]);
    await host.phaseHost.shell('systemctl start docker.service');
    expect(await host.finish(values)).toMatchObject({ from: 'a', to: 'b' });
    await expectMigrated();
  });

  it('a kill -9 of script, keeper and lock leaves a container that the next run ends before it begins', async () => {
    const values = await host.prepare(await host.push('v2', heldOnce));
    const killed = host.phaseHost.start('run-migrations', values);
    await host.untilAtWork();
    await host.phaseHost.shell(
      "kill -KILL $(pgrep -f '[_]script.sh|[d]atabase_lock::keep|[k]eepalives_idle=10')",
    );
    await killed;
    await expect.poll(locks, seldom).toEqual([]);
    expect(await containers()).toBe('edgepaas-web-migration-run');
    await host.letGo();
    expect(await host.finish(values)).toMatchObject({ skipped: '', from: 'a', to: 'b' });
    await expectMigrated();
  });

  it.each([
    ['its session is ended', (pid: number) => host.database.query(`SELECT pg_terminate_backend(${pid})`)],
    ['its server process is killed', (pid: number) => host.database.killBackend(pid)],
    ['Postgres restarts', () => host.database.restart()],
    [
      'the session that holds the lock is ended',
      () => host.database.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"),
    ],
  ])('tries once more when %s', async (_, interrupt) => {
    host.phaseHost.parameters.RETRY_INTERVAL = { value: '1', type: 'String' };
    const values = await host.prepare(await host.push('v2', heldOnce));
    const finished = host.finish(values);
    const pid = await host.untilAtWork();
    await host.letGo();
    await interrupt(pid);
    expect(await finished).toMatchObject({ skipped: '', from: 'a', to: 'b', attempts: 2 });
    await expectMigrated();
  });

  it('says where the database was when Postgres goes away for good', async () => {
    host.phaseHost.parameters.MAX_RETRIES = { value: '2', type: 'String' };
    host.phaseHost.parameters.RETRY_INTERVAL = { value: '1', type: 'String' };
    const failing = host.fail(await host.prepare(await host.push('v2', held)));
    await host.untilAtWork();
    await host.database.stop();
    const { failure, cause } = await failing;
    await host.database.start();
    expect(failure).toBe('database-unreachable');
    expect(cause).toContain('it was lost meanwhile, at a or after it');
    expect(await host.columns('notes')).toEqual(['id', 'text']);
    await host.expectQuiet();
  });

  it('lets one of two racing deployments migrate, even if it builds an index beside the traffic', async () => {
    const index = `COMMIT; ${whileHeld} CREATE INDEX CONCURRENTLY notes_text ON notes (text); BEGIN;`;
    const image = await host.push('v2', { a: '', b: `${expand} ${index}` });
    const [web, shop] = [await host.prepare(image), await host.prepare(image, host.ofApp('shop'))];
    const finished = Promise.all([host.finish(web), host.finish(shop)]);
    await host.untilAtWork();
    await host.untilAsking(2);
    await host.letGo();
    const facts = await finished;
    expect(facts.map(({ skipped }) => skipped).sort()).toEqual(['', 'nothing-pending']);
    await expectMigrated();
  });

  it('does not wait for another migration longer than its own may take', async () => {
    const values = await host.prepare(await host.push('v2', held));
    const running = host.phaseHost.run('run-migrations', values);
    await host.untilAtWork();
    const other = await host.prepare(await host.push('v3', { a: '', b: expand }), {
      ...host.ofApp('shop'),
      migrationTimeout: '1',
    });
    const { failure, cause } = await host.fail(other);
    expect(failure).toBe('migration-locked');
    expect(cause).toContain(`of deployment ${values.deploymentId}, did not end within 1 s`);
    await host.phaseHost.shell('docker kill edgepaas-web-migration-run');
    expect((await running).receipt).toMatchObject({ failure: 'migration-failed' });
    await host.expectQuiet();
  });

  it('leaves no process of its own behind', async () => {
    expect(await pgrep('[d]atabase_lock')).toBe('');
    expect(await pgrep('[k]eepalives_idle')).toBe('');
  });
});
