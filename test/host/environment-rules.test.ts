import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { appConfig, type AppConfig } from '../../contracts/config.ts';
import { databaseAuthority, reservedVariables, type VariableTypeName } from '../../contracts/environment.ts';
import type { Parameters } from '../../rehearsal/phases/aws-answers.ts';
import { judge } from './environment-rules.ts';
import { HostileValues, isRepresentable, seed } from './hostile-values.ts';

const hasTools = ['jq', 'openssl'].every((name) => spawnSync(name, ['--help']).error === undefined);
const describeRules = describe.skipIf(!hasTools);
const reason = hasTools ? '' : ' (skipped: jq and openssl are not on this machine)';

const plain = (value: string, version = 1) => ({ value, type: 'String' as const, version });
const declare = (type: VariableTypeName, required = true): AppConfig['environment'][string] => ({
  type,
  required,
});
const database = appConfig.shape.database.parse({})!;

/** The problems, when there must be some. */
function causeOf(
  parameters: Parameters,
  environment: AppConfig['environment'] = {},
  settings?: AppConfig['database'],
): string {
  const { failure } = judge(parameters, environment, settings);
  if (!failure) throw new Error('nothing was refused');
  expect(failure).toMatch(/^environment-invalid: Below \/edgepaas\/web: /);
  return failure.replace('environment-invalid: Below /edgepaas/web: ', '');
}

const certificate = hasTools
  ? spawnSync('openssl', [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -days 1'.split(' '),
      ...['-subj', '/CN=authority'],
    ]).stdout.toString()
  : '';

describeRules(`the rules of an environment${reason}`, () => {
  it('take what is declared, by name, with its defaults, and name what is not declared', () => {
    const { variables, facts } = judge(
      {
        ZONE: plain('eu', 7),
        A1: plain('1'),
        A: plain('x=y'),
        EXTRA: 'not-for-the-app',
        'deep/NAME': 'nor-this',
      },
      {
        ZONE: declare('string'),
        A: declare('string'),
        A1: declare('integer'),
        NONE: declare('string', false),
        LEVEL: { type: 'string', required: true, default: 'in fo' },
      },
    );
    expect(variables).toEqual(['A=x=y', 'A1=1', 'ENV=production', 'LEVEL=in fo', 'ZONE=eu']);
    expect(facts).toMatchObject({
      COUNT: '3',
      VERSIONS: '{"A":1,"A1":1,"ZONE":7}',
      UNDECLARED: '["EXTRA","deep/NAME"]',
    });
  });

  it('list every problem at once, in as much as a receipt holds and wholly for the log', () => {
    const names = Array.from({ length: 40 }, (_, index) => `MISSING_${index + 10}`);
    const environment = Object.fromEntries(names.map((name) => [name, declare('string')]));
    const { failure, stderr } = judge({}, environment);
    expect(failure).toMatch(
      /^environment-invalid: .*MISSING_10 is missing; MISSING_11 is missing; .*; and \d+ more, which/,
    );
    expect(failure!.length).toBeLessThan(600);
    expect(stderr.trim().split('\n')).toEqual(names.map((name) => `${name} is missing`));
  });

  it.each<[VariableTypeName, string[], string[], string]>([
    [
      'integer',
      ['0', '-7', '123456789012345678'],
      ['', '1.5', '1e3', '007', '+1', ' 1', '1 ', '0x1', '１'],
      'an integer',
    ],
    ['boolean', ['true', 'false'], ['True', 'yes', '1', 'true ', 'truefalse'], 'true or false'],
    [
      'url',
      ['https://example.com', 'amqp://u:p@h:1/x?y=z#f', 'redis://[::1]:6379', 's3+x://ä'],
      ['example.com', 'https://', '://x', 'https:// x', 'https://x/a b', 'javascript:x'],
      'a URL',
    ],
    [
      'email',
      ['team@example.com', "o'neil+tag@mail.example.co"],
      ['team', '@example.com', 'a@b', 'a b@example.com', 'a@b@example.com', 'a@example.com,b@example.com'],
      'an address',
    ],
  ])('hold a value to its type: %s', (type, good, bad, is) => {
    for (const value of good)
      expect(judge({ A: value }, { A: declare(type) }).variables).toContain(`A=${value}`);
    for (const value of bad) {
      const cause = causeOf({ A: value }, { A: declare(type) });
      expect(cause).toMatch(new RegExp(`^A must be ${is}`));
      expect(cause.match(/;/)).toBeNull();
    }
  });

  it('want a secret as a SecureString, whatever else is wrong with it', () => {
    const environment = { KEY: declare('secret'), OTHER: declare('string') };
    expect(causeOf({ KEY: plain('top-secret\nline'), OTHER: 'sealed-too' }, environment)).toBe(
      'KEY must be a SecureString; KEY has a line break, which an env file cannot hold: encode the value',
    );
    expect(causeOf({ KEY: { value: 'a,b', type: 'StringList' }, OTHER: 'x' }, environment)).toBe(
      'KEY must be a SecureString',
    );
    expect(judge({ KEY: 'x', OTHER: 'sealed-too' }, environment).variables).toContain('OTHER=sealed-too');
  });

  it.each([
    ['one\ntwo', 'has a line break'],
    ['one\r', 'has a line break'],
    ['one\u0000two', 'has a NUL character'],
    ['one\ufffdtwo', 'has a character that is no text'],
    ['x'.repeat(32_769), 'is longer than 32768 bytes'],
    ['🚀'.repeat(8193), 'is longer than 32768 bytes'],
  ])('refuse what an env file cannot hold: %j', (value, problem) => {
    const cause = causeOf({ A: value }, { A: declare('string') });
    expect(cause).toContain(`A ${problem}`);
    expect(cause).not.toContain(value.slice(0, 3));
  });

  it('bound the values together', () => {
    const names = Array.from({ length: 33 }, (_, index) => `A${index}`);
    const all = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
    const environment = Object.fromEntries(names.map((name) => [name, declare('string')]));
    expect(causeOf(all('x'.repeat(32_000)), environment)).toBe(
      'the values together are longer than 1048576 bytes',
    );
    expect(judge(all('x'.repeat(31_000)), environment).variables).toHaveLength(34);
  });

  it('refuse the names that EdgePaaS itself sets, and no other', () => {
    const names = [
      ...reservedVariables.filter((name) => name !== databaseAuthority),
      'EDGEPAAS_SLOT',
      'EDGEPAAS_X',
    ];
    const cause = names.map((name) => causeOf({ [name]: 'anything' }));
    expect(cause).toEqual(names.map((name) => `${name} is set by EdgePaaS itself: remove the parameter`));
    expect(judge({ EDGEPAAS: 'x', MY_RUN_MIGRATIONS: 'x', SLOT: 'x' }).facts.UNDECLARED).toBe(
      '["EDGEPAAS","MY_RUN_MIGRATIONS","SLOT"]',
    );
  });

  it('keep the list of what is not declared short', () => {
    const parameters = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`extra-parameter-${index}`, 'x']),
    );
    const { UNDECLARED } = judge(parameters).facts;
    const names = JSON.parse(UNDECLARED!) as string[];
    expect(UNDECLARED!.length).toBeLessThan(650);
    expect(names.at(-1)).toBe(`and ${300 - names.length + 1} more`);
  });

  it('take an answer that is damaged for what it is', () => {
    // Half a character: some versions of jq refuse the whole answer, others show it as U+FFFD.
    const { failure } = judge({ A: '\ud800' }, { A: declare('string') });
    expect(failure).toMatch(
      /^(parameters-unreadable: What Parameter Store answers of|environment-invalid: .*A has a)/,
    );
  });

  const batch = 400;
  it(`keep each of thousands of values byte for byte, or refuse it by name (SEED=${seed})`, () => {
    const source = new HostileValues(seed);
    for (let round = 0; round < 5; round++) {
      const values = new Map(Array.from({ length: batch }, (_, index) => [`A${index}`, source.value()]));
      const environment = Object.fromEntries(
        [...values.keys()].map((name) => [name, declare('string', false)]),
      );
      const refused = [...values].filter(([, value]) => !isRepresentable(value)).map(([name]) => name);
      const { failure = '', stderr } = judge(Object.fromEntries(values), environment);
      const said = `${stderr}${failure}`;
      for (const name of refused) expect(said).toMatch(new RegExp(`\\b${name} (has|is) `));
      for (const value of values.values()) if (value.length > 12) expect(said).not.toContain(value);
      for (const name of refused) values.delete(name);
      const { variables } = judge(Object.fromEntries(values), environment);
      const expected = [...values].map(([name, value]) => `${name}=${value}`);
      expect(variables.filter((line) => line !== 'ENV=production')).toEqual(expected.sort(byName));
    }
  });
});

const byName = (one: string, other: string) => (one.split('=')[0]! < other.split('=')[0]! ? -1 : 1);

describeRules(`the rules of a database's variables${reason}`, () => {
  const url = 'postgres://me:p%40ss@db.example.com:5432/shop';
  const judgeUrl = (value: string, more: Parameters = {}, settings = database) =>
    judge({ DATABASE_URL: value, ...more }, {}, settings);
  const refuse = (value: string, more: Parameters = {}, settings = database) => {
    const cause = causeOf({ DATABASE_URL: value, ...more }, {}, settings);
    expect(cause).not.toMatch(/p%40ss|p@ss|example|shop/);
    return cause;
  };

  it.each<[Record<string, string>, string]>([
    [{}, 'postgres_only'],
    [{ BOTH_DB: 'true' }, 'try_postgres'],
    [{ USE_SQLITE: 'true' }, 'sqlite_only'],
    [{ USE_SQLITE: 'true', BOTH_DB: 'true' }, 'sqlite_only'],
    [{ USE_SQLITE: 'false', BOTH_DB: 'false' }, 'postgres_only'],
  ])('read the mode from %j: %s', (parameters, mode) => {
    expect(judgeUrl(url, parameters).facts.MODE).toBe(mode);
  });

  it('want DATABASE_URL but for SQLite alone', () => {
    expect(causeOf({}, {}, database)).toBe(
      'DATABASE_URL is missing: it is required unless USE_SQLITE is true',
    );
    expect(causeOf({ BOTH_DB: 'true' }, {}, database)).toContain('DATABASE_URL is missing');
    expect(judge({ USE_SQLITE: 'true' }, {}, database).variables).toEqual([
      ...['BOTH_DB=false', 'ENV=production', 'MAX_RETRIES=6', 'RETRY_INTERVAL=3', 'USE_SQLITE=true'],
    ]);
    const byDefault = { USE_SQLITE: { type: 'boolean', required: true, default: 'true' } } as const;
    expect(judge({}, byDefault, database).facts.MODE).toBe('sqlite_only');
  });

  it.each([
    ['MAX_RETRIES', '0'],
    ['MAX_RETRIES', '21'],
    ['RETRY_INTERVAL', '31'],
    ['RETRY_INTERVAL', '1.5'],
    ['USE_SQLITE', 'yes'],
  ])('hold %s to its bounds: %s', (name, value) => {
    expect(refuse(url, { [name]: value })).toMatch(new RegExp(`^${name} must be `));
  });

  it('want DATABASE_URL sealed', () => {
    expect(causeOf({ DATABASE_URL: plain(url) }, {}, database)).toBe('DATABASE_URL must be a SecureString');
  });

  it.each([
    'mysql://me:p%40ss@db/shop',
    'postgres://db/shop',
    'postgres://me:p@ss@db/shop',
    'postgres://me:p ss@db/shop',
    'postgres://me:p%40ss@db',
    'postgres://me:p%40ss@db/shop#x',
    'postgres://me:p/ss@db/shop',
    'postgresql+psycopg2://me:p%40ss@db/shop',
    'host=db user=me password=p%40ss',
  ])('refuse what is no URL of Postgres: %s', (value) => {
    expect(refuse(value)).toBe(
      'DATABASE_URL must be postgresql://user:password@host:5432/name with special characters percent-encoded',
    );
  });

  it.each([
    ['postgres://me:p%4@db/shop', 'has a % that begins no percent-encoding'],
    ['postgres://me:p%zz@db/shop', 'has a % that begins no percent-encoding'],
    ['postgres://me:p%00@db/shop', 'has a % that begins no percent-encoding'],
    ['postgres://me:p\t@db/shop', 'has a control character'],
    ['postgres://me:p%40ss@:5432/shop', 'has a host that is no name'],
    ['postgres://me:p%40ss@%2Frun/shop', 'has a host that is no name'],
    ['postgres://me:p%40ss@db,/shop', 'has a host that is no name'],
    [`${url}?ssl%6dode=disable`, 'has a parameter that is not name=value'],
    [`${url}?SSLMODE=disable`, 'has a parameter that is not name=value'],
    [`${url}?sslmode`, 'has a parameter that is not name=value'],
    [`${url}?host=/run/postgresql`, 'may not say host after the ?'],
    [`${url}?a=b&password=x`, 'may not say password after the ?'],
    [`${url}?service=x`, 'may not say service after the ?'],
    [`${url}?sslkey=/x`, 'may not name a file: remove sslkey'],
    [
      `${url}?sslrootcert=system`,
      'may not have sslrootcert: store the certificates as the parameter DATABASE_CA',
    ],
    [`${url}?ssl=false`, 'may not have ssl: write sslmode'],
    [`${url}?sslmode=require&sslmode=disable`, 'has more than one sslmode'],
    ...['disable', 'allow', 'prefer', 'no-verify', 'Require', '%72equire', ''].map((mode) => [
      `${url}?sslmode=${mode}`,
      'has an sslmode weaker than require',
    ]),
    [`${url}?sslmode=verify-full`, 'needs the parameter DATABASE_CA'],
    [`${url}?sslmode=verify-ca`, 'needs the parameter DATABASE_CA'],
  ])('refuse a URL that is not safe: %s %s', (value, problem) => {
    expect(refuse(value!)).toContain(`DATABASE_URL ${problem}`);
  });

  it('enforce SSL in the URL that the app gets, and change nothing else of it', () => {
    expect(judgeUrl(url).facts.URL).toBe('postgresql://me:p%40ss@db.example.com:5432/shop?sslmode=require');
    expect(judgeUrl(`${url}?a=b%20c`).facts.URL).toBe(
      'postgresql://me:p%40ss@db.example.com:5432/shop?a=b%20c&sslmode=require',
    );
    expect(judgeUrl(`${url}?sslmode=require&a=b`).facts.URL).toBe(
      'postgresql://me:p%40ss@db.example.com:5432/shop?sslmode=require&a=b',
    );
    expect(judgeUrl(url).variables).toContain(`DATABASE_URL=${url}`);
  });

  it('verify the server once there is an authority to do so by', () => {
    const authority = { DATABASE_CA: plain(certificate.replaceAll('\n', '\r\n'), 3) };
    const { facts } = judgeUrl(url, authority);
    expect(facts.URL).toBe(
      'postgresql://me:p%40ss@db.example.com:5432/shop?sslmode=verify-full&sslrootcert=/etc/edgepaas/database-ca.pem',
    );
    expect(facts).toMatchObject({
      AUTHORITY: certificate,
      VERSIONS: '{"DATABASE_URL":1,"DATABASE_CA":3}',
      UNDECLARED: '[]',
    });
    expect(judgeUrl(`${url}?sslmode=verify-ca`, authority).facts.URL).toContain(
      '?sslmode=verify-ca&sslrootcert=',
    );
  });

  it('hold to the configuration that wants the server verified', () => {
    const strict = { ...database, sslMode: 'verify-full' } as const;
    expect(refuse(url, {}, strict)).toContain('needs the parameter DATABASE_CA');
    const authority = { DATABASE_CA: plain(certificate.repeat(3)) };
    expect(refuse(`${url}?sslmode=require`, authority, strict)).toContain(
      'has an sslmode weaker than verify-full',
    );
    expect(refuse(`${url}?sslmode=verify-ca`, authority, strict)).toContain(
      'has an sslmode weaker than verify-full',
    );
    expect(judgeUrl(url, authority, strict).facts.URL).toContain('?sslmode=verify-full&sslrootcert=');
  });

  it.each([
    'x',
    certificate.trim().slice(0, -5),
    `${certificate}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`,
    `subject=x\n${certificate}`,
    certificate.replaceAll('\n', ''),
  ])('refuse an authority that is none', (value) => {
    expect(refuse(url, { DATABASE_CA: value })).toBe(
      'DATABASE_CA must be certificates in PEM, and nothing else',
    );
  });

  it('are not those of an app without a database', () => {
    const environment = { DATABASE_URL: declare('secret') };
    const { variables, facts } = judge({ DATABASE_URL: 'mysql://x', DATABASE_CA: 'x' }, environment);
    expect(variables).toEqual(['DATABASE_URL=mysql://x', 'ENV=production']);
    expect(facts.UNDECLARED).toBe('["DATABASE_CA"]');
  });
});
