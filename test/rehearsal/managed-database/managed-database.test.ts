import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureBaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { runTool } from '../../../rehearsal/cache/tools.ts';
import { runCommand } from '../../../rehearsal/host/real/run-command.ts';
import { createScratchFolder, removeLeftovers, runFolder } from '../../../rehearsal/host/real/run-folder.ts';
import {
  startManagedDatabase,
  type ManagedDatabase,
} from '../../../rehearsal/managed-database/managed-database.ts';
import { describeRealHost } from '../host/fixture.ts';

const fixture = join(import.meta.dirname, 'fixture-run.ts');
const address = '127.0.0.9';
const loopback = '127.0.0.1';
const lost = /server closed the connection unexpectedly|connection to server was lost/;

describeRealHost('the managed database', () => {
  let imageFolder: string;
  let database: ManagedDatabase;
  let folder: string;

  beforeAll(async () => {
    imageFolder = (await ensureBaseImage()).folder;
    folder = createScratchFolder('client-');
    database = await startManagedDatabase({ imageFolder, address, names: ['database.internal'] });
    await writeFile(join(folder, 'authority.pem'), database.authority);
  });
  afterAll(async () => {
    await database?.close();
    await rm(folder, { recursive: true });
  });

  /** As any client would, by the URL alone; the answer, or what psql complains of. */
  async function ask(query: string, url = database.url, sql = 'SELECT 1'): Promise<string> {
    const psql = ['psql', '--no-psqlrc', '--no-password', '-At', `${url}${query}`, '-c', sql];
    return runTool(imageFolder, folder, psql).then(
      (said) => said.trim(),
      (error: Error) => error.message.replace(/\s+/g, ' '),
    );
  }

  it('takes a connection with SSL and refuses a plain one, as RDS with rds.force_ssl', async () => {
    expect(
      await ask('?sslmode=require', undefined, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'),
    ).toBe('t');
    expect(await ask('?sslmode=disable')).toMatch(/no pg_hba.conf entry for host .*, no encryption/);
  });

  it('has a certificate for its addresses and names, from an authority that nobody else knows', async () => {
    const full = '?sslmode=verify-full';
    const trusting = `${full}&sslrootcert=/mnt/authority.pem`;
    const at = (host: string) => database.url.replace(address, host);
    expect(await ask(trusting)).toBe('1');
    expect(await ask(trusting, at(loopback))).toBe('1');
    expect(await ask(`${trusting}&hostaddr=${address}`, at('database.internal'))).toBe('1');
    expect(await ask(`${trusting}&hostaddr=${address}`, at('elsewhere.internal'))).toContain(
      'does not match host name',
    );
    expect(await ask(`${full}&sslrootcert=/etc/ssl/certs/ca-certificates.crt`)).toContain(
      'certificate verify failed',
    );
  });

  it('refuses a wrong password, an unknown database, and its superuser from outside', async () => {
    const { url, password } = database;
    expect(await ask('', url.replace(encodeURIComponent(password), 'guessed'))).toContain(
      'password authentication failed for user "app"',
    );
    expect(await ask('', url.replace(/app$/, 'other'))).toContain('database "other" does not exist');
    expect(await ask('', url.replace('app:', 'postgres:'))).toContain('password authentication failed');
    expect(await ask('', undefined, 'SELECT usesuper FROM pg_user WHERE usename = current_user')).toBe('f');
  });

  it('gives rows as they are, and another empty database to the same user', async () => {
    const odd = `E'a\\n|\\x09b'`;
    expect(await database.query(`SELECT 1, NULL, ${odd} UNION ALL SELECT 2, '', 'ü'`)).toEqual([
      ['1', '', 'a\n|\tb'],
      ['2', '', 'ü'],
    ]);
    expect(await database.query('SELECT 1 WHERE false')).toEqual([]);
    await expect(database.query('SELECT nothing')).rejects.toThrow('column "nothing" does not exist');
    const url = await database.createDatabase('odd "name"');
    expect(await ask('', url, 'CREATE TABLE own (a int); SELECT current_database()')).toContain('odd "name"');
    expect(await database.query('SELECT count(*) FROM own', 'odd "name"')).toEqual([['0']]);
  });

  it('cuts connections and refuses new ones when it is stopped, and has every row on the same port afterwards', async () => {
    await database.query('CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id');
    await database.query('GRANT ALL ON kept TO app');
    expect(await ask('', undefined, 'INSERT INTO kept VALUES (1001) RETURNING id')).toContain('1001');
    const cut = ask('', undefined, 'BEGIN; INSERT INTO kept VALUES (-1); SELECT pg_sleep(600)');
    await sleeping();
    await database.stop();
    expect(await cut).toMatch(lost);
    expect(await connects(address)).toBe('ECONNREFUSED');
    expect(await connects(loopback)).toBe('ECONNREFUSED');
    await database.start();
    expect(await ask('', undefined, 'SELECT count(*), min(id) FROM kept')).toBe('1001|1');
    await database.restart();
    expect(await ask('', undefined, 'SELECT count(*), min(id) FROM kept')).toBe('1001|1');
  });

  it('keeps a client waiting while it is paused', async () => {
    await database.pause();
    expect(await connects(address)).toBe('connected');
    expect(await ask('?connect_timeout=2')).toContain('timeout expired');
    const patient = ask('');
    await database.resume();
    expect(await patient).toBe('1');
    await database.pause();
    await database.restart();
    expect(await ask('')).toBe('1');
  });

  it('restarts itself when one of its processes is killed', async () => {
    const cut = ask('', undefined, 'SELECT pg_sleep(600)');
    await database.killBackend(await sleeping());
    expect(await cut).toMatch(lost);
    expect(await ask('')).toBe('1');
  });

  it('leaves nothing when it is closed, though clients are connected', async () => {
    const before = (await readdir(runFolder())).sort();
    const other = await startManagedDatabase({ imageFolder, address, ssl: false });
    expect((await readdir(runFolder())).length).toBe(before.length + 1);
    expect(await ask('?sslmode=require', other.url)).toContain('server does not support SSL');
    expect(await processesWith(`--port=${other.port}`)).not.toEqual([]);
    const cut = ask('', other.url, 'SELECT pg_sleep(600)');
    await sleeping(other);
    await other.close();
    expect(await cut).toMatch(lost);
    expect((await readdir(runFolder())).sort()).toEqual(before);
    expect(await processesWith(`--port=${other.port}`)).toEqual([]);
    await other.close();
  });

  it('ends with its run when that is killed, and the next run removes its files', async () => {
    const run = spawn(process.execPath, ['--import', 'tsx', fixture], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: run.stdout }), 'line')) as [string];
    const { port, folder: files } = JSON.parse(line) as { port: number; folder: string };
    expect(await processesWith(`--port=${port}`)).not.toEqual([]);
    run.kill('SIGKILL');
    await expect.poll(() => processesWith(`--port=${port}`)).toEqual([]);
    expect(await readdir(files)).toHaveLength(1);
    removeLeftovers();
    expect(existsSync(files)).toBe(false);
  });

  /** The pid of the client that sleeps, as soon as it does. */
  async function sleeping(server = database): Promise<number> {
    const sql = `SELECT pid FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'PgSleep'`;
    await expect.poll(() => server.query(sql)).toHaveLength(1);
    return Number((await server.query(sql))[0]![0]);
  }

  function connects(host: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = createConnection(database.port, host, () => resolve('connected'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
      socket.once('connect', () => socket.destroy());
    });
  }
});

async function processesWith(text: string): Promise<string[]> {
  return (await runCommand('ps', ['-eo', 'args='])).split('\n').filter((line) => line.includes(text));
}
