import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { appConfig, type AppConfig } from '../../contracts/config.ts';
import { phases } from '../../contracts/phases/index.ts';
import { variants } from '../../rehearsal/images/variants.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { registryName, type Parameter } from '../../rehearsal/phases/aws-answers.ts';
import { HostileValues, isRepresentable, seed } from './hostile-values.ts';
import type { PhaseHost, PhaseRun, Values } from '../../rehearsal/phases/phase-host.ts';
import { createPreparedHost } from '../../rehearsal/phases/prepared-host.ts';
import { valuesOf, valuesOfEnvironment } from '../../rehearsal/phases/values.ts';

const database = appConfig.shape.database.parse({})!;
const optional = { type: 'string', required: false } as const;
const folder = '/var/lib/edgepaas/apps/web/env';
const url = 'postgres://me:hunter%402@db.example.com/shop';
const printEnvironment = `process.stdout.write(require('node:fs').readFileSync('/proc/self/environ').toString('base64'))`;

describeRealHost('the environment on a real host', () => {
  let host: PhaseHost;
  let image: string;
  let fence = 1;

  beforeAll(async () => {
    host = await createPreparedHost();
    const release = await host.push(variants.healthy('v1'));
    image = `${registryName}/web@${release.digest}`;
    await host.finish('pull-release', valuesOf(host, 1, release));
  });
  afterAll(() => host?.close());
  beforeEach(() => store({}));

  function store(parameters: Record<string, string | Parameter>): void {
    for (const name of Object.keys(host.parameters)) delete host.parameters[name];
    Object.assign(host.parameters, parameters);
  }

  const next = (environment: AppConfig['environment'] = {}, settings?: AppConfig['database']): Values => ({
    ...valuesOf(host, ++fence),
    buildVersion: 'v1',
    ...valuesOfEnvironment(environment, settings),
    ...(settings && { databaseMode: 'postgres_only', databaseReason: 'Postgres answers' }),
  });
  const run = (values: Values): Promise<PhaseRun> => host.run('resolve-env', values);
  async function facts(values: Values): Promise<Record<string, unknown>> {
    const { receipt, result } = await run(values);
    if (receipt.result === 'failed') throw new Error(`${receipt.failure}: ${receipt.cause}`);
    expect(Buffer.byteLength(result.stdout)).toBeLessThan(2500);
    return phases['resolve-env'].facts.parse(receipt.facts);
  }
  const fileOf = ({ deploymentId }: Values) => `${folder}/${deploymentId}.env`;
  const linesOf = async (values: Values) => (await host.shell(`cat ${fileOf(values)}`)).split('\n');

  /** What a process in a container finds, byte for byte. */
  async function environmentOf(values: Values): Promise<Map<string, string>> {
    const said = await host.shell(
      `docker run --rm --pull never --env-file ${fileOf(values)} ${image} /usr/local/bin/node -e "${printEnvironment}"`,
    );
    const entries = Buffer.from(said, 'base64').toString('latin1').split('\0').filter(Boolean);
    return new Map(entries.map((entry) => [entry.split('=')[0]!, entry.slice(entry.indexOf('=') + 1)]));
  }
  const bytes = (text: string) => Buffer.from(text).toString('latin1');

  it('writes one file, for root alone: what EdgePaaS sets, and what the app declares by name', async () => {
    store({ TOKEN: 'top "secret" #1', EXTRA: 'not-declared', ENV: 'staging' });
    const values = next({ TOKEN: { type: 'secret', required: true }, A: { ...optional, default: 'b' } });
    const { receipt } = await run(values);
    expect(receipt).toMatchObject({
      result: 'done',
      facts: { databaseMode: 'none', parameters: 2, versions: { ENV: 1, TOKEN: 1 }, undeclared: ['EXTRA'] },
    });
    expect(await linesOf(values)).toEqual([
      'BUILD_VERSION=v1',
      'CONTAINER_PORT=80',
      'EDGEPAAS_APP=web',
      `EDGEPAAS_DEPLOYMENT_ID=${values.deploymentId}`,
      'EDGEPAAS_SLOT=blue',
      'EDGEPAAS_SLOT_PORT=8080',
      'A=b',
      'ENV=staging',
      'TOKEN=top "secret" #1',
    ]);
    expect(await host.shell(`stat -c '%a %U' ${folder} ${fileOf(values)}`)).toBe('700 root\n600 root');
    expect(await host.shell(`ls ${folder}`)).toBe(`${values.deploymentId}.env`);
    expect((await run(values)).receipt).toMatchObject({ result: 'already-done', facts: { parameters: 2 } });
  });

  it('names the slot that the candidate will have', async () => {
    const traffic = '/var/lib/edgepaas/apps/web/traffic';
    await host.shell(`mkdir -p ${traffic}; touch ${traffic}/live`);
    const values = next();
    await facts(values);
    await host.shell(`rm -r ${traffic}`);
    expect(await linesOf(values)).toEqual(
      expect.arrayContaining(['EDGEPAAS_SLOT=green', 'EDGEPAAS_SLOT_PORT=8081']),
    );
  });

  it('gives the app the URL of Postgres with SSL, or none at all', async () => {
    store({ DATABASE_URL: url, BOTH_DB: 'true' });
    const values = { ...next({}, database), databaseMode: 'try_postgres' };
    expect(await facts(values)).toMatchObject({ databaseMode: 'try_postgres', parameters: 2 });
    const known = ['BOTH_DB=true', 'ENV=production', 'MAX_RETRIES=6', 'RETRY_INTERVAL=3', 'USE_SQLITE=false'];
    const lines = (await linesOf(values)).slice(6);
    expect(lines).toEqual([
      'FINAL_DB_MODE=try_postgres',
      'FINAL_DB_MODE_REASON=Postgres answers',
      'RUN_MIGRATIONS=false',
      known[0],
      'DATABASE_URL=postgresql://me:hunter%402@db.example.com/shop?sslmode=require',
      ...known.slice(1),
    ]);
    const reason = 'Postgres is out of reach after 6 attempts: connection refused';
    const onSqlite = { ...next({}, database), databaseMode: 'sqlite_only', databaseReason: reason };
    await facts(onSqlite);
    expect((await linesOf(onSqlite)).slice(6)).toEqual([
      'FINAL_DB_MODE=sqlite_only',
      `FINAL_DB_MODE_REASON=${reason}`,
      'RUN_MIGRATIONS=false',
      'DATABASE_URL_SQLITE=sqlite:////data/sqlite/app.db',
      ...known,
    ]);
  });

  it('writes the authority beside it, and takes it away when it is gone', async () => {
    const authority = await host.shell(
      'openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -days 1 -subj /CN=authority 2>/dev/null',
    );
    store({ DATABASE_URL: url, DATABASE_CA: { value: authority, type: 'String', version: 2 } });
    const values = next({}, { ...database, sslMode: 'verify-full' });
    expect(await facts(values)).toMatchObject({
      parameters: 1,
      versions: { DATABASE_URL: 1, DATABASE_CA: 2 },
    });
    const file = `${folder}/${values.deploymentId}.ca.pem`;
    expect(await host.shell(`cat ${file}; stat -c %a ${file}`)).toBe(`${authority}\n644`);
    expect(await linesOf(values)).toContain(
      'DATABASE_URL=postgresql://me:hunter%402@db.example.com/shop?sslmode=verify-full&sslrootcert=/etc/edgepaas/database-ca.pem',
    );
    // As after a run that was killed between the two files.
    await host.shell(`rm ${fileOf(values)}`);
    delete host.parameters.DATABASE_CA;
    await facts({ ...values, sslMode: 'require' });
    expect(await host.shell(`ls ${file} 2>/dev/null || echo gone`)).toBe('gone');
  });

  it('does not start on Postgres without its URL, should somebody remove it in the middle', async () => {
    store({ USE_SQLITE: 'true' });
    const { receipt } = await run(next({}, database));
    expect(receipt).toMatchObject({
      failure: 'environment-invalid',
      cause: expect.stringContaining('DATABASE_URL is missing: it was there when this deployment began'),
    });
  });

  it('knows by a fingerprint whether anything changed, which nobody without the host’s key can guess', async () => {
    const environment = { PIN: { type: 'secret', required: true } } as const;
    const of = async (pin: string) => {
      store({ PIN: pin });
      return (await facts(next(environment))).fingerprint as string;
    };
    const first = await of('1234');
    expect(await of('1235')).not.toBe(first);
    expect(await of('1234')).toBe(first);
    const key = await host.shell('cat /var/lib/edgepaas/fingerprint-key');
    expect(await host.shell('stat -c %a /var/lib/edgepaas/fingerprint-key')).toBe('600');
    const content = 'ENV=production\nPIN=1234\n\n';
    expect(first).toBe(createHmac('sha256', Buffer.from(key, 'hex')).update(content).digest('hex'));
  });

  it('makes the key once, though two apps ask for it at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      await host.shell('rm -f /var/lib/edgepaas/fingerprint-key');
      fence += 1;
      const apps = ['one', 'two', 'three'].map((app) => ({
        ...next(),
        app,
        deploymentId: `${app}-${fence}`,
      }));
      const prints = await Promise.all(apps.map(async (values) => (await facts(values)).fingerprint));
      expect(new Set(prints).size).toBe(1);
    }
    expect(await host.shell('cd /var/lib/edgepaas; ls | grep fingerprint')).toBe('fingerprint-key');
  });

  it('keeps the receipt within what SSM returns, and says less where there is more', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `A_VARIABLE_WITH_A_LONG_NAME_${index}`);
    store(
      Object.fromEntries(
        [...names, ...names.map((name) => `not-declared/${name}`)].map((name) => [name, 'x']),
      ),
    );
    const told = await facts(next(Object.fromEntries(names.map((name) => [name, optional]))));
    expect(told).toMatchObject({ parameters: 150 });
    expect(told.versions).toBeUndefined();
    expect((told.undeclared as string[]).at(-1)).toMatch(/^and \d+ more$/);
  });

  it('leaves a whole file or none when it is killed at any moment, and the same file when it is run again', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `A${index}`);
    store(Object.fromEntries(names.map((name) => [name, name.repeat(500)])));
    const environment = Object.fromEntries(names.map((name) => [name, optional]));
    const whole = next(environment);
    await facts(whole);
    const sum = (values: Values) =>
      host.shell(`grep -v ^EDGEPAAS_DEPLOYMENT_ID= ${fileOf(values)} 2>/dev/null | md5sum`);
    const [complete, none] = [await sum(whole), await host.shell('md5sum </dev/null')];
    for (const seconds of [0.1, 0.2, 0.3]) {
      const values = next(environment);
      await host.start('resolve-env', values, seconds);
      expect([complete, none]).toContain(await sum(values));
      await facts(values);
      expect(await sum(values)).toBe(complete);
    }
    expect(await host.shell(`find ${folder} -perm /077 -type f; find ${folder} -name '*.new'`)).toBe('');
  });

  it('takes as much as it says it takes, in a container too', async () => {
    const names = Array.from({ length: 31 }, (_, index) => `A${index}`);
    store(Object.fromEntries(names.map((name) => [name, name.padEnd(32_768, '$')])));
    const values = next(Object.fromEntries(names.map((name) => [name, optional])));
    await facts(values);
    const found = await environmentOf(values);
    for (const name of names) expect(found.get(name)).toBe(name.padEnd(32_768, '$'));
  });

  const rounds = 3;
  const batch = 400;
  it(
    `brings each of a thousand hostile values to the container byte for byte, or refuses it by name (SEED=${seed})`,
    { timeout: 300_000 },
    async () => {
      const source = new HostileValues(seed);
      let arrived = 0;
      for (let round = 0; round < rounds; round++) {
        const stored = new Map(Array.from({ length: batch }, (_, index) => [`A${index}`, source.value()]));
        const environment = Object.fromEntries([...stored.keys()].map((name) => [name, optional]));
        const refused = [...stored].filter(([, value]) => !isRepresentable(value)).map(([name]) => name);
        store(Object.fromEntries(stored));
        const { receipt, result } = await run(next(environment));
        const said = result.stdout + result.stderr;
        expect(receipt.result === 'failed' && receipt.failure).toBe(
          refused.length > 0 && 'environment-invalid',
        );
        for (const name of refused) expect(said).toMatch(new RegExp(`\\b${name} (has|is) `));
        for (const value of stored.values()) if (value.length > 12) expect(said).not.toContain(value);
        for (const name of refused) delete host.parameters[name];
        const values = next(environment);
        expect(await facts(values)).toMatchObject({ parameters: batch - refused.length });
        const found = await environmentOf(values);
        for (const [name, value] of stored)
          if (!refused.includes(name)) {
            expect(found.get(name), `${name} of round ${round}`).toBe(bytes(value));
            arrived++;
          } else expect(found.has(name)).toBe(false);
      }
      expect(arrived).toBeGreaterThan(rounds * batch * 0.9);
      expect(await host.shell('ls /owned 2>&1 || true')).toContain('No such file');
    },
  );

  it('shows a value to no process list, log or file but the env file', async () => {
    store({ TOKEN: 'canary-5d1f', DATABASE_URL: url.replace('hunter', 'canary-77ab') });
    const values = next({ TOKEN: { type: 'secret', required: true } }, database);
    const sample = 'while :; do cat /proc/[0-9]*/cmdline 2>/dev/null; done >/run/sampled';
    await host.shell(`systemd-run -q --unit sampler bash -c '${sample}'`);
    await facts(values);
    await host.shell('systemctl stop sampler');
    expect(await host.shell('grep -ac GetParametersByPath /run/sampled')).not.toBe('0');
    const places = '/run /tmp /var/log /var/lib/edgepaas /var/lib/amazon /etc /root';
    const files = await host.shell(`grep -rlE 'canary-(5d1f|77ab)' ${places} 2>/dev/null || true`);
    expect(files).toBe(fileOf(values));
  });
});
