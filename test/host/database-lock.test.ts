import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ensureBaseImage } from '../../rehearsal/cache/ensure-base-image.ts';
import { startTool } from '../../rehearsal/cache/tools.ts';
import { createScratchFolder } from '../../rehearsal/host/real/run-folder.ts';
import {
  startManagedDatabase,
  type ManagedDatabase,
} from '../../rehearsal/managed-database/managed-database.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';

/** Runs what it reads, line by line, and tells its exit code and REPLY. */
const script = `set -Eeuo pipefail; shopt -s inherit_errexit; exec 3>&1; export LC_ALL=C
  source host/lib/json.sh; source host/lib/database-url.sh; source host/lib/database-lock.sh
  phase::say() { printf '%s\\n' "$*" >&2; }
  phase::sleep() { local nothing; read -r -t "$1" -u "$pause" nothing || true; }
  phase::fail() { printf 'failed %s: %s\\n' "$1" "$2"; exit 0; }
  exec {pause}<> <(:) {LOCK_HOST}>/dev/null {LOCK_APP}>/dev/null
  DEPLOYMENT_ID=web-1 MAX_RETRIES=2 RETRY_INTERVAL=1 LOCK_TIMEOUT=2 DATABASE_AUTHORITY=
  read -r url; MIGRATION_OPTIONS='-c lock_timeout=2s'; database_url::parse "$url"
  while read -r command; do
    code=0 REPLY=; $command || code=$?
    printf '%s %s\\n' "$code" "$REPLY"
  done`;

describeRealHost('the lock of a database', () => {
  let imageFolder: string;
  let folder: string;
  let database: ManagedDatabase;
  let bash: ChildProcess;
  let said: AsyncIterator<string>;

  beforeAll(async () => {
    imageFolder = (await ensureBaseImage()).folder;
    folder = createScratchFolder('lock-');
    cpSync('host', `${folder}/host`, { recursive: true });
    await writeFile(`${folder}/script`, script);
    database = await startManagedDatabase({ imageFolder, address: '127.0.0.8' });
  });
  afterAll(() => database?.close());
  beforeEach(() => open(database.url));
  afterEach(async () => {
    await database.resume();
    await end();
    const sessions = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'edgepaas-%'";
    await expect.poll(() => database.query(sessions), { timeout: 10_000 }).toEqual([]);
  });

  function open(url: string): void {
    bash = startTool(imageFolder, folder, ['bash', 'script'], ['pipe', 'pipe', 'inherit']);
    said = createInterface({ input: bash.stdout! })[Symbol.asyncIterator]();
    bash.stdin!.write(`${url}${url.includes('?') ? '&' : '?'}sslmode=require\n`);
  }

  async function end(): Promise<void> {
    if (bash.exitCode !== null) return;
    bash.stdin!.end();
    await once(bash, 'exit');
  }

  /** The exit code and REPLY of a command, or how it failed. */
  async function run(command: string): Promise<string> {
    bash.stdin!.write(`${command}\n`);
    return (await said.next()).value;
  }

  const granted = () =>
    database.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted").then(String);

  it('is not taken for lost while the database takes a breath, however often it is asked', async () => {
    expect(await run('database_lock::try')).toBe('0 t');
    await database.pause();
    for (const _ of Array(5).keys()) expect(await run('database_lock::is_lost')).toMatch(/^1/);
    const held = run('database_lock::is_held');
    await database.resume();
    expect(await held).toBe('0 1');
    expect(await run('database_lock::is_lost')).toBe('1 1');
    expect(await granted()).toBe('1');
  });

  it('is lost with its session, and for one that is silent for too long', async () => {
    await run('database_lock::try');
    await database.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
    expect(await run('database_lock::is_held')).toMatch(/^1/);
    expect(await run('database_lock::is_lost')).toMatch(/^0/);
    await run('database_lock::close');
    expect(await run('database_lock::try')).toBe('0 t');
    await run('declare -g LOCK_SILENCE_SECONDS=1');
    await database.pause();
    await expect.poll(() => run('database_lock::is_lost'), { timeout: 10_000, interval: 0 }).toMatch(/^0/);
    expect(await run('database_lock::is_held')).toMatch(/^[12]/);
  });

  it('takes no answer for that to another question, when the connection was slow to come', async () => {
    await run('declare -g LOCK_SILENCE_SECONDS=1');
    await run('database_lock::open');
    await database.pause();
    expect(await run('database_lock::is_held')).toMatch(/^2/);
    await database.resume();
    await run('declare -g LOCK_SILENCE_SECONDS=30');
    // Was never taken: only the answer to the last question says so.
    expect(await run('database_lock::is_held')).toBe('1 0');
    expect(await run('database_lock::try')).toBe('0 t');
    expect(await run('database_lock::is_held')).toBe('0 1');
  });

  it('is not taken on a standby, which is waited for like a database that is out of reach', async () => {
    await run(`database_lock::open`);
    await database.query('CREATE SCHEMA standby AUTHORIZATION app');
    await database.query(
      'CREATE FUNCTION standby.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS $$ SELECT true $$; GRANT USAGE ON SCHEMA standby TO app',
    );
    await end();
    open(`${database.url}?options=-c%20search_path%3Dstandby%2Cpg_catalog`);
    expect(await run('database_lock::try')).toBe(
      'failed database-unreachable: Postgres is out of reach after 2 attempts: it answers as a standby',
    );
    expect(await granted()).toBe('0');
  });

  it('is asked for with the options of the migration, so that who takes none refuses before', async () => {
    await run('declare -g MIGRATION_OPTIONS=--lock_timeout=never');
    expect(await run('database_lock::require_database')).toMatch(/^failed database-refused: /);
  });

  it('names the deployment that holds it, of this database alone', async () => {
    const other = await database.createDatabase('other');
    await end();
    open(other);
    await run('declare -g DEPLOYMENT_ID=elsewhere-7');
    expect(await run('database_lock::try')).toBe('0 t');
    const [held, heldBy] = [bash, said];
    open(database.url);
    expect(await run('database_lock::try')).toBe('0 t');
    expect(await run('database_lock::fail 3')).toContain('of deployment web-1,');
    open(database.url);
    expect(await run('database_lock::fail 3')).toBe(
      'failed migration-locked: Another migration of this database did not end within 3 s',
    );
    await end();
    [bash, said] = [held, heldBy];
  });
});
