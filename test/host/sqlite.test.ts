import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import type { Image } from '../../rehearsal/images/image.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import type { PhaseHost, Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { backupFolder, sqliteFile, sqliteFolder, SqliteWriter } from './sqlite-writer.ts';
import { valuesOf, valuesOfEnvironment } from '../../rehearsal/phases/values.ts';

const node = '/usr/local/bin/node -e';
const die = 'fs.writeFileSync("/data/sqlite/dying", process.env.EDGEPAAS_DEPLOYMENT_ID); process.exit(3)';

describeRealHost('the SQLite file of an app', () => {
  let host: PhaseHost;
  let writer: SqliteWriter;
  let images: Image[];
  let dying: Image;
  let fence = 3;

  beforeAll(async () => {
    host = await createPreparedHost({ database: true });
    images = await Promise.all([host.push(variants.healthy('v1')), host.push(variants.healthy('v2', 1000))]);
    dying = await host.push({ buildVersion: 'v3', command: ['/usr/local/bin/node', '-e', die] });
    writer = await SqliteWriter.create(host);
  });
  afterAll(() => host?.close());
  beforeEach(() => {
    for (const name of Object.keys(host.parameters)) delete host.parameters[name];
    host.parameters.USE_SQLITE = 'true';
  });

  const next = (image = images[fence % 2]): Values => ({
    ...valuesOf(host, ++fence, image),
    ...valuesOfEnvironment({}, { sslMode: 'require', sqliteOnManyHosts: false }),
    hostCount: '1',
    sqliteOnManyHosts: 'false',
    drainTimeout: '1',
  });

  async function facts(phase: PhaseName, values: Values): Promise<Record<string, unknown>> {
    const { receipt } = await host.run(phase, values);
    if (receipt.result === 'failed') throw new Error(`${phase}: ${receipt.failure}: ${receipt.cause}`);
    return phases[phase].facts.parse(receipt.facts);
  }

  /** All before the candidate starts; the values that it starts with, and what was said of the database. */
  async function prepare(given = next()): Promise<Values & { note: string }> {
    const { mode, reason, note } = await facts('resolve-database', given);
    const values = { ...given, databaseMode: String(mode), databaseReason: String(reason) };
    await facts('resolve-env', values);
    await facts('pull-release', values);
    return { ...values, note: String(note) };
  }

  async function deploy(given = next()): Promise<{ slot: string; backup: string; note: string }> {
    const values = await prepare(given);
    const { slot, sqliteBackup } = await facts('start-candidate', values);
    await facts('switch-traffic', values);
    await facts('retire', values);
    return { slot: String(slot), backup: String(sqliteBackup), note: values.note };
  }

  async function refusal(given?: Values): Promise<{ failure: string; cause: string }> {
    const before = await containers();
    const { receipt } = await host.run('start-candidate', given ?? (await prepare()));
    if (receipt.result !== 'failed') throw new Error('the candidate started');
    expect(phases['start-candidate'].failures.concat('disk-full')).toContain(receipt.failure);
    expect(await containers()).toBe(before);
    return receipt;
  }

  const containers = () => host.shell("docker ps -a --format '{{.Names}} {{.ID}} {{.State}}' | sort");
  const inContainer = (slot: string, user: number, code: string) =>
    host.shell(`docker exec --user ${user} edgepaas-web-${slot} ${node} '${code}'`);
  const backups = () => host.shell(`ls ${backupFolder} | sort -V | xargs`);

  it('is in a folder on the volume that every user of the container may write, and nobody else of the host', async () => {
    const { slot, backup } = await deploy();
    expect(backup).toBe('');
    const probe = 'fs.writeFileSync("/data/sqlite/probe", process.env.DATABASE_URL_SQLITE)';
    await inContainer(slot, 4321, probe);
    expect(await host.shell(`cat ${sqliteFolder}/probe; rm ${sqliteFolder}/probe`)).toBe(
      'sqlite:////data/sqlite/app.db',
    );
    const outside = `setpriv --reuid 4321 --regid 4321 --clear-groups ls ${sqliteFolder} 2>&1 || true`;
    expect(await host.shell(outside)).toContain('Permission denied');
    expect(await host.shell('command -v sqlite3 || echo none')).toBe('none');
  });

  it.each(['delete', 'wal'] as const)(
    'is copied whole while the live release writes to it (journal_mode %s), and loses no row',
    async (journal) => {
      // Outside WAL mode the last attempt may hold its writers for 3 s only: little for a busy machine's disk.
      await writer.createFile(journal, journal === 'wal' ? 8 : 1);
      await writer.start();
      const values = await prepare();
      const before = await writer.acknowledged();
      const { sqliteBackup } = await facts('start-candidate', values);
      const after = await writer.acknowledged();
      await facts('switch-traffic', values);
      await facts('retire', values);
      await writer.stop();

      expect(sqliteBackup).toBe(`${backupFolder}/web-${fence}.db`);
      expect(await host.shell(`stat -c '%a %U' ${String(sqliteBackup)}`)).toBe('600 root');
      const copied = await writer.rows(`file:${String(sqliteBackup)}?immutable=1`);
      expect(copied).toMatchObject({ isWhole: true, last: copied.count });
      expect(copied.count).toBeGreaterThanOrEqual(before);
      expect(copied.count).toBeLessThanOrEqual(after + 1); // written, and not yet acknowledged
      expect(after).toBeGreaterThan(before);
      const all = await writer.acknowledged();
      expect(await writer.rows(sqliteFile)).toEqual({ isWhole: true, count: all, last: all });
      expect(await host.shell('command -v sqlite3')).toBe('/usr/bin/sqlite3');
      expect(await host.shell(`find ${sqliteFolder} -type f ! -perm -666`)).toBe('');
    },
  );

  it('outlasts a reboot of the host in the midst of writing, and the release before and after that', async () => {
    await writer.start();
    const acknowledged = await writer.acknowledged();
    await host.host.reboot();
    await host.shell('until docker info >/dev/null 2>&1; do sleep 0.1; done');
    const live = await host.shell("docker ps --format '{{.Names}}'");
    const size = `docker exec ${live} ${node} 'console.log(fs.statSync("/data/sqlite/app.db").size)'`;
    expect(await host.shell(size)).toBe(await host.shell(`stat -c %s ${sqliteFile}`));
    const rows = await writer.rows(sqliteFile);
    expect(rows).toMatchObject({ isWhole: true, last: rows.count });
    expect(rows.count).toBeGreaterThanOrEqual(acknowledged);

    const values = await prepare();
    await facts('start-candidate', values);
    await facts('switch-traffic', values);
    await facts('revert', values);
    expect(await writer.rows(sqliteFile)).toEqual(rows);
  });

  it('is copied once a deployment, before the candidate can write, though the phase is killed and sent again', async () => {
    const values = await prepare();
    const before = await writer.rows(sqliteFile);
    const backup = `${backupFolder}/${values.deploymentId}.db`;
    for (const moment of [0.1, 0.2, 0.3, 0.5]) await host.start('start-candidate', values, moment);
    const { slot } = await facts('start-candidate', values);
    await writer.query(sqliteFile, 'INSERT INTO events (what) VALUES (1)');
    await host.shell(`docker rm -f edgepaas-web-${String(slot)}`);
    expect(await facts('start-candidate', values)).toMatchObject({ slot, sqliteBackup: backup });
    expect(await writer.rows(`file:${backup}?immutable=1`)).toEqual(before);
    expect(await host.shell(`ls ${backupFolder} | grep -c new || true`)).toBe('0');
    await facts('revert', values);
  });

  it('outlasts a candidate that dies', async () => {
    const rows = await writer.rows(sqliteFile);
    const { receipt } = await host.run('start-candidate', await prepare(next(dying)));
    expect(receipt).toMatchObject({ result: 'failed', failure: 'candidate-died' });
    expect(await host.shell(`cat ${sqliteFolder}/dying`)).toBe(`web-${fence}`);
    expect(await writer.rows(sqliteFile)).toEqual(rows);
  });

  it('has its newest five copies kept', async () => {
    const older = [...Array(8).keys()].map((number) => `${backupFolder}/web-${number}.db`).join(' ');
    await host.shell(`rm ${backupFolder}/*; touch ${older} ${backupFolder}/web-8.db.new-journal`);
    await deploy();
    expect(await backups()).toBe(`web-4.db web-5.db web-6.db web-7.db web-${fence}.db`);
  });

  it('stays where it is when Postgres is used, and both ways are told', async () => {
    const rows = await writer.rows(sqliteFile);
    Object.assign(host.parameters, {
      ...{ USE_SQLITE: 'false', BOTH_DB: 'true', MAX_RETRIES: '1' },
      ...{ DATABASE_URL: host.database.url, DATABASE_CA: host.database.authority },
    });
    const { slot, backup, note } = await deploy();
    expect({ backup, note }).toEqual({
      backup: '',
      note: `data written to SQLite stays in ${sqliteFile} on the host`,
    });
    const readAuthority =
      'console.log(fs.existsSync("/data/sqlite"), fs.readFileSync(new URL(process.env.DATABASE_URL).searchParams.get("sslrootcert"), "utf8"))';
    expect(await inContainer(slot, 4321, readAuthority)).toBe(`false ${host.database.authority.trim()}`);
    const write =
      'try { fs.writeFileSync("/etc/edgepaas/database-ca.pem", "") } catch (error) { console.log(error.code) }';
    expect(await inContainer(slot, 0, write)).toBe('EROFS');

    await host.database.stop();
    const back = await deploy();
    expect(back.note).toBe('data in Postgres is not in the SQLite file');
    expect(back.backup).toBe(`${backupFolder}/web-${fence}.db`);
    expect(await writer.rows(sqliteFile)).toEqual(rows);
    expect((await deploy()).note).toBe('');
  });

  it('stops the deployment before anything changes when it is damaged, locked, no file or too large to copy', async () => {
    await writer.createFile('delete', 1);
    const damaged = await host.shell(`cp ${sqliteFile} /root/kept && dd if=/dev/urandom of=${sqliteFile} \
      bs=1024 seek=20 count=40 conv=notrunc status=none && md5sum ${sqliteFile}`);
    expect(await refusal()).toMatchObject({
      failure: 'sqlite-backup-failed',
      cause: expect.stringMatching(
        /could not be copied before the release starts on it: .*(damaged|malformed)/,
      ),
    });
    expect(await host.shell(`md5sum ${sqliteFile}`)).toBe(damaged);

    await host.shell(`echo 'this is no database at all' >${sqliteFile}`);
    expect((await refusal()).cause).toContain('file is not a database');

    await host.shell(
      `rm ${sqliteFile} && cp /root/kept /root/elsewhere && ln -s /root/elsewhere ${sqliteFile}`,
    );
    expect((await refusal()).cause).toContain('is no file');
    await host.shell(
      `rm ${sqliteFile} && ln -s /etc/shadow ${sqliteFolder}/link && cp /root/kept ${sqliteFile}`,
    );
    await host.shell(
      'fallocate -l $(($(df --output=avail -B1 /mnt/docker-data | tail -1) - (60 << 20))) /mnt/docker-data/filler',
    );
    expect(await refusal()).toMatchObject({
      failure: 'disk-full',
      cause: expect.stringContaining('A copy of'),
    });
    await host.shell('rm /mnt/docker-data/filler');
    // It waits for those who ask whether it has the lock: refused once, it would never ask again.
    const locker = '(printf ".timeout 60000\\nBEGIN EXCLUSIVE;\\n"; sleep infinity) | /opt/sqlite3 -batch';
    await host.shell(`systemd-run -q --unit locker bash -c '${locker} ${sqliteFile}'`);
    await host.shell(
      `while /opt/sqlite3 ${sqliteFile} 'SELECT 1 FROM events LIMIT 1' >/dev/null 2>&1; do sleep 0.02; done`,
    );
    expect((await refusal()).cause).toContain('database is locked');
    await host.shell('systemctl stop locker');
    await deploy();
    expect(await host.shell(`stat -c %a ${sqliteFile} /etc/shadow`)).toBe('666\n640');
  });

  it('needs room for its WAL as well', async () => {
    await writer.createFile('wal', 1);
    const values = await prepare();
    const grow = 'INSERT INTO content SELECT zeroblob(41943040)';
    await host.shell(`/opt/sqlite3 ${sqliteFile} '.dbconfig no_ckpt_on_close on' '${grow}' >/dev/null
      (($(stat -c %s ${sqliteFile}-wal) > 40 << 20))
      fallocate -l $(($(df --output=avail -B1 /mnt/docker-data | tail -1) - (80 << 20))) /mnt/docker-data/filler`);
    expect(await refusal(values)).toMatchObject({
      failure: 'disk-full',
      cause: expect.stringContaining('A copy of'),
    });
    await host.shell('rm /mnt/docker-data/filler');
    await deploy();
  });

  it('does not keep the writers of the live release waiting for a copy that takes long', async () => {
    await writer.createFile('delete', 1);
    await host.shell(`mv /usr/bin/sqlite3 /usr/bin/sqlite3.kept && cat >/usr/bin/sqlite3 <<'END' && chmod +x /usr/bin/sqlite3
#!/bin/bash
statements=$(cat)
if [[ $statements == .backup* ]]; then exit 1; fi
exec /usr/bin/sqlite3.kept "$@" <<<"\${statements/.backup/.system sleep 30.25
.backup}"
END`);
    const refused = refusal();
    const insert = `/opt/sqlite3 -batch -init /dev/null -cmd '.timeout 8000' ${sqliteFile} 'INSERT INTO events (what) VALUES (1)'`;
    await host.shell(`until pgrep -f '[s]leep 30.25' >/dev/null; do sleep 0.02; done; ${insert}`);
    expect(await refused).toMatchObject({
      failure: 'sqlite-backup-failed',
      cause: expect.stringContaining('let the app set PRAGMA journal_mode=WAL'),
    });
    await host.shell('mv /usr/bin/sqlite3.kept /usr/bin/sqlite3');
    await deploy();
  });

  it('is unknown to an app without a database', async () => {
    delete host.parameters.USE_SQLITE;
    const values = { ...next(), ...valuesOfEnvironment(), databaseMode: 'none' };
    await facts('resolve-env', values);
    await facts('pull-release', values);
    expect(await facts('start-candidate', values)).toMatchObject({ sqliteBackup: '' });
    const mounts = await host.shell(
      "docker inspect -f '{{len .Mounts}}' $(docker ps -q --filter label=edgepaas.deployment=web-" +
        `${fence})`,
    );
    expect(mounts).toBe('0');
  });
});
