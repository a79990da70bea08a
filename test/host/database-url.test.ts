import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { HostileValues, numbersFrom, seed } from './hostile-values.ts';

const frame =
  'set -Eeuo pipefail; shopt -s inherit_errexit; export LC_ALL=C; source host/lib/database-url.sh;';

/** Runs a line of bash for each URL in one process; what each prints ends with a NUL. */
function each(urls: readonly string[], script: string): string[] {
  const loop = `${frame} while IFS= read -r -d '' url; do ${script}; done`;
  const run = spawnSync('bash', ['-c', loop], { input: urls.map((url) => `${url}\0`).join('') });
  if (run.status !== 0) throw new Error(`exit ${run.status}: ${run.stderr}`);
  return run.stdout.toString('latin1').split('\0').slice(0, -1);
}

const names = ['PG_USER', 'PG_PASSWORD', 'PG_HOST', 'PG_PORT', 'PG_DATABASE', 'PG_SSLMODE'] as const;
type Parts = Record<(typeof names)[number], string>;

function parse(urls: readonly string[]): Parts[] {
  const said = each(
    urls,
    `database_url::parse "$url"; printf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')}`,
  );
  return urls.map((_, index) => {
    const values = said.slice(index * names.length, (index + 1) * names.length);
    return Object.fromEntries(names.map((name, position) => [name, values[position]!])) as Parts;
  });
}

const forApp = (urls: readonly string[], mode = 'require', authority = false) =>
  each(urls, `database_url::for_app "$url" ${mode} ${authority}; printf '%s\\0' "$REPLY"`);

describe('database_url::parse', () => {
  it.each<[string, Partial<Parts>]>([
    [
      'postgres://me:secret@db/shop',
      {
        PG_USER: 'me',
        PG_PASSWORD: 'secret',
        PG_HOST: 'db',
        PG_PORT: '5432',
        PG_DATABASE: 'shop',
        PG_SSLMODE: '',
      },
    ],
    ['postgresql://me@db:6543/shop', { PG_PASSWORD: '', PG_PORT: '6543' }],
    ['postgres://me:@db/shop', { PG_PASSWORD: '' }],
    [
      'postgres://m%40e:%2f%3A%25+%20%5c%0A%5Cn@db/sh%26op',
      { PG_USER: 'm@e', PG_PASSWORD: '/:%+ \\\n\\n', PG_DATABASE: 'sh&op' },
    ],
    ['postgres://me:a\\nb\\x41@db/shop', { PG_PASSWORD: 'a\\nb\\x41' }],
    ['postgres://me:$HOME`id`"\'@db/shop', { PG_PASSWORD: '$HOME`id`"\'' }],
    ['postgres://me:x@[2001:db8::1]:6000/shop', { PG_HOST: '2001:db8::1', PG_PORT: '6000' }],
    ['postgres://me:x@a,[::1],c:1/shop', { PG_HOST: 'a,::1,c', PG_PORT: '5432,5432,1' }],
    ['postgres://me:x@a:/shop', { PG_HOST: 'a', PG_PORT: '5432' }],
    ['postgres://me:x@db/shop?a=b&sslmode=verify-full&c=d', { PG_SSLMODE: 'verify-full' }],
  ])('takes %j apart', (url, expected) => {
    expect(parse([url])[0]).toMatchObject(expected);
  });

  it('passes on what else psql takes from its environment', () => {
    const url = 'postgres://me:x@db/shop?options=-c%20search_path%3Da&x=y&target_session_attrs=read-write';
    expect(each([url], `database_url::parse "$url"; printf '%s\\0' "\${PG_OTHERS[@]}"`)).toEqual([
      'PGOPTIONS=-c search_path=a',
      'PGTARGETSESSIONATTRS=read-write',
    ]);
  });

  it.each([
    'mysql://me:x@db/shop',
    'postgres://db/shop',
    'postgres://me:x@db',
    'postgres://me:x@[::1/shop',
    '',
  ])('says no to %j', (url) => {
    expect(each([url], `database_url::parse "$url" && printf 'yes\\0' || printf 'no\\0'`)).toEqual(['no']);
  });
});

describe('database_url::for_app', () => {
  it.each([
    ['postgres://u:p@db/n', 'postgresql://u:p@db/n?sslmode=require'],
    ['postgresql://u:p@db/n?', 'postgresql://u:p@db/n?sslmode=require'],
    ['postgres://u:p@db/n?a=b', 'postgresql://u:p@db/n?a=b&sslmode=require'],
    ['postgres://u:p@db/n?a=b&', 'postgresql://u:p@db/n?a=b&sslmode=require'],
    ['postgres://u:p@db/n?xsslmode=b', 'postgresql://u:p@db/n?xsslmode=b&sslmode=require'],
    [
      'postgres://u:p&sslmode=disable@db/n&sslmode=x',
      'postgresql://u:p&sslmode=disable@db/n&sslmode=x?sslmode=require',
    ],
    ['postgres://u:p@db/n&', 'postgresql://u:p@db/n&?sslmode=require'],
    ['postgres://u:sslmode=x@db/n', 'postgresql://u:sslmode=x@db/n?sslmode=require'],
    ['postgres://u:p@db/n?sslmode=verify-ca', 'postgresql://u:p@db/n?sslmode=verify-ca'],
    ['postgres://u:postgres%3A%2F%2F@db/n', 'postgresql://u:postgres%3A%2F%2F@db/n?sslmode=require'],
  ])('makes of %s %s', (url, expected) => {
    expect(forApp([url])).toEqual([expected]);
  });

  it('verifies by the authority that there is', () => {
    const file = '/etc/edgepaas/database-ca.pem';
    expect(forApp(['postgres://u:p@db/n', 'postgres://u:p@db/n?sslmode=verify-ca'], 'require', true)).toEqual(
      [
        `postgresql://u:p@db/n?sslmode=verify-full&sslrootcert=${file}`,
        `postgresql://u:p@db/n?sslmode=verify-ca&sslrootcert=${file}`,
      ],
    );
  });
});

/** URLs as environment::validate lets them pass, with every character somewhere. */
function urlsFrom(start: number, count: number): { url: string; password: string }[] {
  const source = new HostileValues(start);
  const next = numbersFrom(start + 1);
  const encode = (text: string) =>
    [...Buffer.from(text, 'utf8')]
      .map((byte) =>
        /[A-Za-z0-9_.~!$&'()*+,;=-]/.test(String.fromCharCode(byte)) && next() < 0.9
          ? String.fromCharCode(byte)
          : `%${byte.toString(16).padStart(2, '0')}`,
      )
      .join('');
  const word = () => encode(source.value().replaceAll('\0', '').slice(0, 60) || 'x');
  const host = () =>
    source.oneOf(['db', 'db.example.com', 'a_b-c', '10.0.0.1', '[::1]', '[2001:db8::5]']) +
    source.oneOf(['', '', ':1', ':65535']);
  return Array.from({ length: count }, () => {
    const password = source.value().replaceAll('\0', '').slice(0, 80);
    const hosts = Array.from({ length: 1 + source.below(3) }, host).join(',');
    const query = source.oneOf([
      '',
      '',
      '?sslmode=require',
      '?connect_timeout=3&sslmode=verify-full',
      '?application_name=a%20b',
    ]);
    const scheme = source.oneOf(['postgres', 'postgresql']);
    return { url: `${scheme}://${word()}:${encode(password)}@${hosts}/${word()}${query}`, password };
  });
}

const hasLibpq = spawnSync('python3', ['test/host/libpq.py'], { input: '' }).status === 0;

describe(`database_url, by libpq itself (SEED=${seed})`, () => {
  const urls = urlsFrom(seed, 1500);

  it('gives every password back byte for byte', () => {
    const parts = parse(urls.map(({ url }) => url));
    parts.forEach(({ PG_PASSWORD }, index) =>
      expect(PG_PASSWORD, urls[index]!.url).toBe(Buffer.from(urls[index]!.password).toString('latin1')),
    );
  });

  it.skipIf(!hasLibpq)(
    `reads URLs as libpq does${hasLibpq ? '' : ' (skipped: no python3 with libpq)'}`,
    () => {
      const known = libpq(urls.map(({ url }) => url));
      parse(urls.map(({ url }) => url)).forEach((parts, index) => {
        const { user, password = '', host, port = '', dbname, sslmode = '' } = known[index]!;
        const ports = host!.split(',').map((_, position) => port.split(',')[position] || '5432');
        const expected = { PG_USER: user, PG_PASSWORD: password, PG_HOST: host, PG_PORT: ports.join(',') };
        expect(parts).toEqual({ ...expected, PG_DATABASE: dbname, PG_SSLMODE: sslmode });
      });
    },
  );

  it.skipIf(!hasLibpq)('changes nothing of a URL for libpq but its sslmode', () => {
    const known = libpq(urls.map(({ url }) => url));
    const made = libpq(forApp(urls.map(({ url }) => url)));
    made.forEach((options, index) => expect(options).toEqual({ sslmode: 'require', ...known[index] }));
  });
});

/** The options of each URL that are not libpq's defaults, in latin1. */
function libpq(urls: readonly string[]): Record<string, string>[] {
  const run = spawnSync('python3', ['test/host/libpq.py'], { input: urls.map((url) => `${url}\0`).join('') });
  if (run.status !== 0) throw new Error(run.stderr.toString());
  const all = JSON.parse(run.stdout.toString()) as (Record<string, string> | null)[];
  return all.map((options, index) => {
    if (!options) throw new Error(`libpq refuses ${urls[index]}`);
    const entries = Object.entries(options);
    return Object.fromEntries(
      entries.map(([name, hex]) => [name, Buffer.from(hex, 'hex').toString('latin1')]),
    );
  });
}
