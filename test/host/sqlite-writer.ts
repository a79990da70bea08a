import { setTimeout as sleep } from 'node:timers/promises';
import type { PhaseHost } from '../../rehearsal/phases/phase-host.ts';

const program = '/opt/sqlite3';
export const sqliteFolder = '/mnt/docker-data/edgepaas/web/sqlite';
export const sqliteFile = `${sqliteFolder}/app.db`;
export const backupFolder = '/mnt/docker-data/edgepaas/web/backups';

/**
 * Rows 1, 2, 3 and so on, each in a transaction of its own, up to a hundred a second, by another user than root and by the path
 * that a container has. Without any pause, SQLite lets no reader in outside WAL mode where a disk is slow.
 */
const write = `#!/bin/bash
set -eu
mkdir -p /data/sqlite
mount --bind ${sqliteFolder} /data/sqlite
row=$1
exec {pause}<> <(:)
until [[ -e /run/writer/stop ]]; do
  read -r -t 0.01 -u "$pause" nothing || true
  row=$((row + 1))
  echo "INSERT INTO events VALUES ($row, hex(randomblob(50))); SELECT $row;"
done | setpriv --reuid 1000 --regid 1000 --clear-groups ${program} -batch -bail -init /dev/null -cmd '.timeout 20000' \\
  /data/sqlite/app.db >>/run/writer/acknowledged
`;

/** An app that writes to its SQLite file all the time, and knows which rows it was told are written. */
export class SqliteWriter {
  readonly #host: PhaseHost;

  private constructor(host: PhaseHost) {
    this.#host = host;
  }

  /** The host keeps no sqlite3 that EdgePaaS could find: whether it installs one is its own matter. */
  static async create(host: PhaseHost): Promise<SqliteWriter> {
    await host.shell(`export DEBIAN_FRONTEND=noninteractive
      apt-get -q -y update && apt-get -q -y --no-install-recommends install sqlite3 && cp /usr/bin/sqlite3 ${program} && dpkg --purge sqlite3`);
    return new SqliteWriter(host);
  }

  /** `content` says in MiB what else the file has. */
  async createFile(journal: 'delete' | 'wal', content: number): Promise<void> {
    await this.#host.shell(`rm -f ${sqliteFile}*; setpriv --reuid 0 ${program} -batch ${sqliteFile} "
      PRAGMA journal_mode = ${journal};
      CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT);
      CREATE TABLE content (what BLOB);
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${content})
        INSERT INTO content SELECT randomblob(1048576) FROM numbers;"`);
  }

  /** Resolves when it has written its first row. */
  async start(): Promise<void> {
    const { count } = (await this.exists()) ? await this.rows(sqliteFile) : { count: 0 };
    const script = Buffer.from(write).toString('base64');
    await this.#host.shell(`systemctl stop writer 2>/dev/null; systemctl reset-failed writer 2>/dev/null
      mkdir -p /run/writer && rm -f /run/writer/* && base64 -d <<<${script} >/opt/write
      chmod a+w ${sqliteFile}*
      systemd-run -q --unit writer --property PrivateMounts=yes bash /opt/write ${count}`);
    while ((await this.acknowledged()) === 0) {
      await this.#host.shell('systemctl is-active -q writer');
      await sleep(10);
    }
  }

  /** Ends it; it must have written to the end. */
  async stop(): Promise<void> {
    await this.#host.shell(`touch /run/writer/stop
      while systemctl is-active -q writer; do sleep 0.02; done; ! systemctl is-failed -q writer`);
  }

  async acknowledged(): Promise<number> {
    return Number(await this.#host.shell('tail -n 1 /run/writer/acknowledged 2>/dev/null || true')) || 0;
  }

  async exists(): Promise<boolean> {
    return (await this.#host.shell(`[[ -s ${sqliteFile} ]] && echo yes || true`)) === 'yes';
  }

  /** What a file holds: rows are written in order, so it lacks none where the last one's number is their count. */
  async rows(file: string): Promise<{ count: number; last: number; isWhole: boolean }> {
    const answer = await this.query(
      file,
      'SELECT count(*), coalesce(max(id), 0) FROM events; PRAGMA integrity_check',
    );
    const [numbers, integrity] = answer.split('\n');
    const [count, last] = numbers!.split('|').map(Number);
    return { count: count!, last: last!, isWhole: integrity === 'ok' };
  }

  query(file: string, sql: string): Promise<string> {
    return this.#host.shell(`${program} -batch -init /dev/null -cmd '.timeout 20000' ${file} '${sql}'`);
  }
}
