import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { osReleases, type Distribution } from './os-releases.ts';
import { otherDistributions } from './other-distributions.ts';

interface Conventions {
  readonly conventions: 'deb' | 'el' | 'amzn';
  readonly manager: 'apt' | 'dnf';
  /** Below linux/ on Docker's package host; empty: the distribution's own Docker. */
  readonly docker: string;
  readonly client: string;
  readonly sqlite: string;
  readonly ss: string;
}

const deb = {
  conventions: 'deb',
  manager: 'apt',
  client: 'postgresql-client',
  sqlite: 'sqlite3',
  ss: 'iproute2',
} as const;
const el = {
  conventions: 'el',
  manager: 'dnf',
  client: 'postgresql',
  sqlite: 'sqlite',
  ss: 'iproute',
} as const;

const supported: Partial<Record<Distribution, Conventions>> = {
  'Debian 12': { ...deb, docker: 'debian' },
  'Debian 13': { ...deb, docker: 'debian' },
  'Ubuntu 22.04': { ...deb, docker: 'ubuntu' },
  'Ubuntu 24.04': { ...deb, docker: 'ubuntu' },
  'CentOS Stream 9': { ...el, docker: 'centos' },
  'RHEL 9': { ...el, docker: 'rhel' },
  'RHEL 10': { ...el, docker: 'rhel' },
  'Rocky Linux 9': { ...el, docker: 'centos' },
  'AlmaLinux 9': { ...el, docker: 'centos' },
  'Amazon Linux 2023': { ...el, conventions: 'amzn', docker: '', client: 'postgresql15' },
};
/** Where a distribution's branch ran. */
function ran(name: Distribution): string {
  const other = otherDistributions.find((it) => it.name === name);
  if (name === 'Debian 12') return 'real';
  if (other) return 'real, on request';
  return supported[name]!.manager === 'dnf' ? 'real dnf, another distribution' : 'conventions only';
}
const withRan = (Object.entries(supported) as [Distribution, Conventions][]).map(
  ([name, conventions]) => [name, ran(name), conventions] as const,
);
const names = Object.keys(osReleases) as Distribution[];
const library = readFileSync('host/lib/distribution.sh', 'utf8');

/** Runs bash with the library on a host whose /etc/os-release has this text. */
function on(name: Distribution, script: string): string {
  const frame = `set -Eeuo pipefail; export LC_ALL=C
    ${library.replace('done </etc/os-release', 'done </dev/fd/3')}
    phase::fail() { printf '%s: %s' "$@"; exit; }; exec 3<<<"$OS_RELEASE"; distribution::require; ${script}`;
  const { stdout, stderr, status } = spawnSync('bash', ['-c', frame], {
    env: { ...process.env, OS_RELEASE: osReleases[name] },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return stdout;
}

const package_ = (name: Distribution, word: string) =>
  on(name, `distribution::package ${word}; printf %s "$REPLY"`);

describe('the conventions of a distribution', () => {
  it.each(withRan)('%s (%s)', (name, _, expected) => {
    const said = on(name, 'printf "%s/%s/%s" "$CONVENTIONS" "$PACKAGE_MANAGER" "$DOCKER_FOLDER"');
    expect(said).toBe(`${expected.conventions}/${expected.manager}/${expected.docker}`);
    expect(package_(name, 'postgresql-client')).toBe(expected.client);
    expect(package_(name, 'sqlite')).toBe(expected.sqlite);
    expect(package_(name, 'ss')).toBe(expected.ss);
    expect(package_(name, 'docker')).toBe(expected.docker ? '' : 'docker');
  });

  it.each(names.filter((name) => !supported[name]))('%s is not supported', (name) => {
    const pretty = /PRETTY_NAME="(.*)"/.exec(osReleases[name])![1]!;
    expect(on(name, 'printf supported')).toMatch(
      `unsupported-distribution: ${pretty} is not supported: use Debian 12,`,
    );
  });

  it('is no pattern: an ID that would match others, or a version that is no number, is refused', () => {
    for (const [id, version] of [
      ['.*', '12'],
      ['deb', '12'],
      ['debian', '12)+1'],
      ['debian', 'a[$(touch /tmp/owned)]'],
      ['debian', '012'],
    ]) {
      const said = spawnSync('bash', [
        '-c',
        `${library}\nDISTRIBUTION=$1 DISTRIBUTION_VERSION=$2; distribution::find`,
        'x',
        id!,
        version!,
      ]);
      expect(`${id} ${version} ${said.status} ${said.stderr}`).toBe(`${id} ${version} 1 `);
    }
  });

  it('has a name for each word in each of the conventions, and none for any other word', () => {
    const rows = /^PACKAGES='([^']*)'/m.exec(library)![1]!.trim().split('\n').slice(1);
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) expect(row.trim().split(/\s+/)).toHaveLength(4);
    const words = rows.map((row) => row.trim().split(/\s+/)[0]!);
    expect(new Set(words).size).toBe(words.length);
    const used = [
      ...allScripts().matchAll(
        /package::provide(?:_program \S+)? ([a-z0-9 -]+)|distribution::package ([a-z-]+)/g,
      ),
    ];
    expect(used.length).toBeGreaterThan(8);
    for (const [, several, one] of used)
      expect(words).toEqual(expect.arrayContaining((several ?? one)!.trim().split(' ')));
    expect(() => package_('Debian 12', 'word-of-nothing')).toThrow('exit 1');
  });

  it('never names a server where a client is asked for', () => {
    for (const name of Object.keys(supported) as Distribution[]) {
      expect(package_(name, 'postgresql-client')).not.toMatch(/server|^postgresql-\d+$/);
    }
  });
});

describe('which distribution a host is', () => {
  it('is asked in one file', () => {
    const others = scripts().filter(([file]) => file !== 'lib/distribution.sh');
    const asks = others.filter(([, text]) =>
      /os-release|case \$DISTRIBUTION|\$DISTRIBUTION(_VERSION)? *[=!]=|\$CONVENTIONS|\bFAMILY\b|lsb_release/.test(
        text,
      ),
    );
    expect(asks.map(([file]) => file)).toEqual([]);
  });
});

function scripts(): [string, string][] {
  return ['lib', 'phases'].flatMap((folder) =>
    readdirSync(`host/${folder}`).map((file): [string, string] => [
      `${folder}/${file}`,
      readFileSync(`host/${folder}/${file}`, 'utf8').replaceAll(/^\s*#.*$/gm, ''),
    ]),
  );
}

function allScripts(): string {
  return scripts()
    .map(([, text]) => text)
    .join('\n');
}

describe('docs/distributions.md', () => {
  it('has the table that follows from all this', () => {
    const cells = withRan.map(([name, where, it]) => [
      name,
      it.manager,
      it.docker ? 'Docker CE' : 'its own `docker`',
      `\`${it.client}\``,
      `\`${it.sqlite}\``,
      where,
    ]);
    const documented = readFileSync('docs/distributions.md', 'utf8')
      .split('\n')
      .filter((line) => /^\| [A-Z].* \d/.test(line))
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
    expect(documented).toEqual(cells);
  });
});
