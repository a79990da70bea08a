import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { databaseFacts, type DatabaseFacts } from '../../contracts/phases/resolve-database.ts';
import { phases } from '../../contracts/phases/index.ts';
import { ensureBaseImage } from '../../rehearsal/cache/ensure-base-image.ts';
import { createCertificateAuthority } from '../../rehearsal/host/real/certificate-authority.ts';
import { startManagedDatabase } from '../../rehearsal/managed-database/managed-database.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { PhaseHost, type PhaseRun, type Values } from '../../rehearsal/phases/phase-host.ts';
import { valuesOf, valuesOfEnvironment } from '../../rehearsal/phases/values.ts';

type Database = Parameters<typeof valuesOfEnvironment>[1];
const plain = { sslMode: 'require', sqliteOnManyHosts: false } as const;
const reasonPattern = new RegExp(phases['resolve-env'].parameters.databaseReason!.pattern);

describeRealHost('resolve-database', () => {
  let host: PhaseHost;
  let fence = 0;
  let impostor: Server | undefined;
  const sockets = new Set<Socket>();
  const runs: PhaseRun[] = [];

  beforeAll(async () => {
    host = await PhaseHost.create({ database: true });
  });
  afterAll(() => host?.close());
  beforeEach(async () => {
    await host.database.start();
    for (const name of Object.keys(host.parameters)) delete host.parameters[name];
    Object.assign(host.parameters, {
      DATABASE_URL: host.database.url,
      MAX_RETRIES: '2',
      RETRY_INTERVAL: '1',
    });
  });
  afterEach(leave);
  /** Whatever a run says, it says nothing of the URL. */
  afterEach(() => {
    const { password, host: address } = host.database;
    const secrets = [password, encodeURIComponent(password), password.slice(-24), address];
    for (const { result } of runs.splice(0))
      for (const secret of secrets) expect(result.stdout + result.stderr).not.toContain(secret);
  });

  const next = (database: Partial<Database> = {}): Values => ({
    ...valuesOf(host, ++fence),
    ...valuesOfEnvironment({}, { ...plain, ...database }),
    hostCount: '1',
    sqliteOnManyHosts: 'false',
  });

  async function run(values: Values): Promise<PhaseRun> {
    const done = await host.run('resolve-database', values);
    runs.push(done);
    return done;
  }

  async function decide(values = next()): Promise<DatabaseFacts> {
    const { receipt } = await run(values);
    if (receipt.result === 'failed') throw new Error(`${receipt.failure}: ${receipt.cause}`);
    const facts = databaseFacts.parse(receipt.facts);
    expect(facts.reason).toMatch(reasonPattern);
    return facts;
  }

  async function refuse(values = next()): Promise<{ failure: string; cause: string }> {
    const { receipt } = await run(values);
    if (receipt.result !== 'failed') throw new Error(`it decided: ${JSON.stringify(receipt.facts)}`);
    expect(phases['resolve-database'].failures).toContain(receipt.failure);
    return receipt;
  }

  const withUrl = (url: URL) => (host.parameters.DATABASE_URL = url.href);

  /** Puts a server in the place of the database, which stops; `greet` gets each connection. */
  async function impersonate(greet: (socket: Socket) => void): Promise<Server> {
    await host.database.stop();
    impostor = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      greet(socket);
    });
    await once(impostor.listen(host.database.port, host.database.host), 'listening');
    return impostor;
  }

  async function leave(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    if (impostor?.listening) await once(impostor.close(), 'close');
    impostor = undefined;
  }

  it('takes Postgres where it answers, by a client alone', async () => {
    expect(await decide()).toEqual({
      configured: 'postgres_only',
      mode: 'postgres_only',
      reason: 'Postgres answers',
      note: '',
      attempts: 1,
    });
    const installed = "dpkg-query -W -f '${db:Status-Status} ${Package}\\n' | sed -n 's/^installed //p'";
    const packages = (await host.shell(installed)).split('\n');
    expect(packages.filter((name) => name.startsWith('postgresql'))).toEqual([
      'postgresql-client',
      'postgresql-client-15',
      'postgresql-client-common',
    ]);
    expect(await host.shell('ls /usr/lib/postgresql/15/bin')).not.toMatch(/^(postgres|initdb|pg_ctl)$/m);
  });

  it('lets an app that may use SQLite have Postgres, and another that wants SQLite never ask for it', async () => {
    host.parameters.BOTH_DB = 'true';
    expect(await decide()).toMatchObject({ configured: 'try_postgres', mode: 'try_postgres', attempts: 1 });
    host.parameters.USE_SQLITE = 'true';
    delete host.parameters.DATABASE_URL;
    expect(await decide()).toEqual({
      configured: 'sqlite_only',
      mode: 'sqlite_only',
      reason: 'configured: USE_SQLITE is true',
      note: '',
      attempts: 0,
    });
  });

  it('decides once a deployment, whatever becomes of Postgres', async () => {
    const [up, down] = [next(), next()];
    host.parameters.BOTH_DB = 'true';
    const first = await decide(up);
    await host.database.stop();
    const fallen = await decide(down);
    expect(await decide({ ...up, fence: down.fence! })).toEqual(first);
    await host.database.start();
    expect(await decide(down)).toEqual(fallen);
    expect(fallen).toMatchObject({ configured: 'try_postgres', mode: 'sqlite_only' });
  });

  it('says that Postgres is out of reach after as many attempts as it may make', async () => {
    await host.database.stop();
    expect(await refuse()).toMatchObject({
      failure: 'database-unreachable',
      cause:
        'Postgres is out of reach after 2 attempts: connection refused. Is it running, and does its network let this host in?',
    });
    host.parameters.BOTH_DB = 'true';
    host.parameters.MAX_RETRIES = '1';
    expect(await decide()).toMatchObject({
      mode: 'sqlite_only',
      reason: 'Postgres is out of reach after 1 attempt: connection refused',
      attempts: 1,
    });
    host.parameters.DATABASE_URL = 'postgres://app:secret@database.invalid/app';
    expect((await decide()).reason).toBe(
      'Postgres is out of reach after 1 attempt: the name is not resolved',
    );
  });

  it('takes Postgres that comes back within the attempts', async () => {
    host.parameters.MAX_RETRIES = '20';
    const refusing = await impersonate((socket) => socket.destroy());
    const asked = once(refusing, 'connection').then(leave);
    const [{ mode, attempts }] = await Promise.all([decide(), asked.then(() => host.database.start())]);
    expect(mode).toBe('postgres_only');
    expect(attempts).toBeGreaterThan(1);
  });

  it('holds no other phase up while it waits, and shows no process a secret', async () => {
    host.parameters.MAX_RETRIES = '1';
    host.parameters.BOTH_DB = 'true';
    const silent = await impersonate(() => {});
    const [{ reason }] = await Promise.all([
      decide(),
      once(silent, 'connection').then(([socket]) => lookAround(socket as Socket)),
    ]);
    expect(reason).toBe('Postgres is out of reach after 1 attempt: the connection was cut');
    const found = await host.shell(
      `grep -rlF ${host.database.password.slice(-24)} /var/log /run /tmp /root /var/lib/edgepaas /var/lib/amazon /etc || true`,
    );
    expect(found).toBe('');
  });

  /** While the phase waits for an answer. */
  async function lookAround(socket: Socket): Promise<void> {
    const locks = 'for lock in lock apps/web/lock; do flock -n /var/lib/edgepaas/$lock true; done';
    await host.shell(locks);
    const processes = await host.shell('ps -eww -o args');
    expect(processes).toContain('psql');
    for (const secret of [host.database.password, encodeURIComponent(host.database.password)])
      expect(processes).not.toContain(secret);
    socket.destroy();
  }

  it('never falls back to SQLite where Postgres refuses the app', async () => {
    Object.assign(host.parameters, { BOTH_DB: 'true', MAX_RETRIES: '20', RETRY_INTERVAL: '30' });
    const reasons: Record<string, (url: URL) => unknown> = {
      'the password is refused': (url) => (url.password = 'another'),
      'the database does not exist': (url) => (url.pathname = '/another'),
    };
    for (const [reason, change] of Object.entries(reasons)) {
      const url = new URL(host.database.url);
      change(url);
      withUrl(url);
      expect(await refuse()).toEqual(
        expect.objectContaining({
          failure: 'database-refused',
          cause: `Postgres does not let the app in: ${reason}. Correct DATABASE_URL below /edgepaas/web, or the server`,
        }),
      );
    }
  });

  it('refuses a server without SSL', async () => {
    const { folder } = await ensureBaseImage();
    const old = await startManagedDatabase({
      imageFolder: folder,
      address: host.host.gatewayAddress,
      ssl: false,
    });
    try {
      Object.assign(host.parameters, { BOTH_DB: 'true', DATABASE_URL: old.url });
      expect(await refuse()).toMatchObject({
        failure: 'database-refused',
        cause: expect.stringContaining(': the server has no SSL.'),
      });
    } finally {
      await old.close();
    }
  });

  it('trusts the certificates of DATABASE_CA and no others', async () => {
    host.parameters.DATABASE_CA = host.database.authority;
    expect(await decide(next({ sslMode: 'verify-full' }))).toMatchObject({ mode: 'postgres_only' });
    const { folder } = await ensureBaseImage();
    host.parameters.DATABASE_CA = (await createCertificateAuthority(folder, ['database'])).authority;
    expect(await refuse(next())).toMatchObject({
      failure: 'database-refused',
      cause: expect.stringContaining(': the certificate is not trusted.'),
    });
    delete host.parameters.DATABASE_CA;
    expect(await refuse(next({ sslMode: 'verify-full' }))).toMatchObject({
      failure: 'environment-invalid',
      cause: expect.stringContaining('DATABASE_CA'),
    });
  });

  it('lists all that is wrong with the parameters before it asks for anything', async () => {
    const asked = vi.fn();
    await impersonate(asked);
    const url = new URL(host.database.url);
    url.searchParams.set('sslmode', 'disable');
    withUrl(url);
    host.parameters.MAX_RETRIES = 'many';
    const { failure, cause } = await refuse();
    expect(failure).toBe('environment-invalid');
    expect(cause).toContain('DATABASE_URL has an sslmode weaker than require');
    expect(cause).toContain('MAX_RETRIES must be');
    expect(asked).not.toHaveBeenCalled();
  });

  it('puts SQLite on several hosts only where that is said to be right', async () => {
    const several = () => ({ ...next(), hostCount: '2' });
    host.parameters.BOTH_DB = 'true';
    expect(await decide(several())).toMatchObject({ mode: 'try_postgres' });
    await host.database.stop();
    expect(await refuse(several())).toMatchObject({
      failure: 'sqlite-on-many-hosts',
      cause: expect.stringContaining('on 2 hosts, each with a file of its own (Postgres is out of reach'),
    });
    host.parameters.USE_SQLITE = 'true';
    expect((await refuse(several())).failure).toBe('sqlite-on-many-hosts');
    expect(await decide({ ...several(), sqliteOnManyHosts: 'true' })).toMatchObject({ mode: 'sqlite_only' });
  });

  it('begins anew where it was killed', async () => {
    for (const moment of [0.1, 0.3, 0.6]) {
      const values = next();
      await host.start('resolve-database', values, moment);
      expect(await decide(values)).toMatchObject({ mode: 'postgres_only', attempts: 1 });
    }
  });
});
