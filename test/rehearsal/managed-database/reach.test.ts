import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PhaseHost } from '../../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../../rehearsal/phases/prepared-host.ts';
import { describeRealHost } from '../host/fixture.ts';

/** The same psql on the host and, with the host's /usr, in a container. The password is in its environment only. */
const client = '/usr/lib/postgresql/15/bin/psql --no-psqlrc --no-password -At';
const inContainer = `docker run --rm --env-file client.env -v /usr:/usr:ro -v /root/authority.pem:/authority.pem:ro empty ${client}`;

describeRealHost('the managed database, from a rehearsal host', () => {
  let host: PhaseHost;

  beforeAll(async () => {
    host = await createPreparedHost({ database: true });
    await host.shell('apt-get -qqy install --no-install-recommends sqlite3 2>&1');
    await host.shell('tar -C / -c bin lib lib64 | docker import - empty'); // links into /usr
    const { database, host: name, port, user, password, authority } = host.database;
    const variables = { HOST: name, PORT: port, USER: user, PASSWORD: password, DATABASE: database };
    const environment = Object.entries({
      ...variables,
      SSLMODE: 'verify-full',
      SSLROOTCERT: '/authority.pem',
    });
    const lines = environment.map(([key, value]) => `PG${key}=${value}\n`).join('');
    await host.shell(
      `cd /root; cat >client.env <<'END'\n${lines}END\ncat >authority.pem <<'END'\n${authority}END`,
    );
  });
  afterAll(() => host?.close());

  const fromHost = (sql: string) =>
    host.shell(`cd /root; while IFS= read -r line; do export "$line"; done <client.env
      PGSSLROOTCERT=authority.pem ${client} -c '${sql}'`);
  const fromContainer = (sql: string) => host.shell(`cd /root; ${inContainer} -c '${sql}' 2>&1 || true`);

  it('is reached by the host and by a container, verified in full by the address alone', async () => {
    expect(await fromHost('CREATE TABLE seen (by text)')).toBe('CREATE TABLE');
    expect(
      await fromContainer('INSERT INTO seen SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()'),
    ).toBe('INSERT 0 1');
    expect(await host.database.query('SELECT * FROM seen')).toEqual([['TLSv1.3']]);
  });

  it('is out of their reach while it is stopped, and then has what they wrote', async () => {
    await host.database.stop();
    expect(await fromContainer('SELECT 1')).toContain('Connection refused');
    await host.database.start();
    expect(await fromContainer('SELECT * FROM seen')).toBe('TLSv1.3');
  });

  it('is there again after the host has been restarted', async () => {
    await host.host.reboot();
    expect(await fromContainer('SELECT * FROM seen')).toBe('TLSv1.3');
    await host.database.restart();
    expect(await fromContainer('SELECT * FROM seen')).toBe('TLSv1.3');
  });

  it('needs its clients only: no server is installed, nor offered', async () => {
    expect(await host.shell('sqlite3 :memory: "SELECT 6 * 7"')).toBe('42');
    const servers = await host.shell(`dpkg-query -Wf '\${Package}\\n'; apt-cache pkgnames`);
    expect(servers.split('\n').filter((name) => /^postgresql-\d+$|^postgresql$/.test(name))).toEqual([]);
  });
});
