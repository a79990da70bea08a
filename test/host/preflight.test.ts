import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phaseNames } from '../../contracts/phase-name.ts';
import { composeScript } from '../../lib/compose-script.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { commandsOf } from './commands-of.ts';
import { PhaseHost } from '../../rehearsal/phases/phase-host.ts';
import { valuesOf } from '../../rehearsal/phases/values.ts';

/** What a phase installs before it calls it, or calls only where it is. */
const installed = [
  ...[
    'ctr',
    'docker',
    'gpg',
    'iptables',
    'jq',
    'mkfs.ext4',
    'mkfs.xfs',
    'nginx',
    'psql',
    'rsync',
    'sqlite3',
    'ss',
  ],
  ...['firewall-cmd', 'getsebool', 'restorecon', 'semanage', 'setsebool'],
];

const table = /^PROGRAMS='([^']*)'/m.exec(readFileSync('host/lib/preflight.sh', 'utf8'))![1]!;
const programs = table.split(/\s+/).filter((word) => /[^:]$/.test(word));
const folder = mkdtempSync(join(tmpdir(), 'edgepaas-preflight-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The preflight on a host with these programs and none else, where `change` comes first. */
function preflight(id: string, change = '', present = programs): string {
  const path = mkdtempSync(join(folder, 'bin-'));
  for (const name of present) symlinkSync('/bin/true', join(path, name));
  const script = `set -Eeuo pipefail; shopt -s inherit_errexit; export LC_ALL=C
    source host/lib/json.sh; source host/lib/preflight.sh
    phase::fail() { json::string "$2" 600; printf '%s %s' "$1" "$REPLY"; exit; }
    distribution::read() { DISTRIBUTION=\${ID% *} DISTRIBUTION_VERSION=\${ID#* } DISTRIBUTION_NAME=$ID; }
    preflight::check_machine() { :; }; preflight::check_curl() { :; }
    distribution::require
    ${change}
    PATH=$BIN; preflight::require; printf nothing`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], {
    env: { ...process.env, BIN: path, ID: id },
    encoding: 'utf8',
  });
  if (stderr) throw new Error(stderr);
  return stdout;
}

const only = (reading: string) =>
  `eval "$(sed -n '/^preflight::${reading}() {/,/^}/p' host/lib/preflight.sh)"`;

describe('the programs that the preflight looks for', () => {
  const scripts = phaseNames.map((phase) => composeScript(phase));

  it('are all that the phases call and do not install', () => {
    const called = new Set(scripts.flatMap((script) => [...commandsOf(script)]));
    const expected = [...called].filter((name) => !installed.includes(name));
    expect(programs).toEqual(expect.arrayContaining(expected));
  });

  it('are called by a phase, each of them', () => {
    const text = scripts.map((script) => script.replace(table, '')).join('\n');
    const idle = programs.filter((name) => !new RegExp(`(?<![\\w.-])${name}(?![\\w-])`).test(text));
    expect(idle).toEqual([]);
  });

  it('are found where a script calls them in any of the ways it may', () => {
    const script = `f() { if ! one <<<x; then two | three && four "$(five "$(six)")"; fi; } # not
      case $1 in a | b) seven ;; esac; x='eight' nine; [[ $(ten) == "(eleven)" ]] && read -r y < <(twelve); X=(thirteen)
      echo "fourteen; fifteen" >sixteen; until seventeen; do ((eighteen)); done; f \${x:-(nineteen)} || exec twenty`;
    const found = 'five four nine one seven seventeen six ten three twelve twenty two'.split(' ');
    expect([...commandsOf(script)].sort()).toEqual(found);
  });
});

describe('the preflight', () => {
  it.each(['debian 12', 'rocky 9.4', 'amzn 2023'])(
    'is content with a host that has them all, as %s',
    (id) => {
      expect(preflight(id)).toBe('nothing');
    },
  );

  it('asks of no host for the package manager of another', () => {
    const others = (names: string[]) => programs.filter((name) => !names.includes(name));
    expect(preflight('debian 12', '', others(['dnf', 'rpm']))).toBe('nothing');
    expect(preflight('almalinux 9.2', '', others(['apt-get', 'dpkg', 'dpkg-query']))).toBe('nothing');
  });

  it.each([
    ['debian 12', 'apt-get install util-linux mount mawk libc-bin'],
    ['ubuntu 24.04', 'apt-get install util-linux mount mawk libc-bin'],
    ['centos 9', 'dnf install util-linux gawk glibc-common'],
    ['amzn 2023', 'dnf install util-linux gawk glibc-common'],
  ])('names all that is missing at once, and how it gets there on %s', (id, fix) => {
    const absent = ['findmnt', 'flock', 'mount', 'awk', 'iconv'];
    const said = preflight(
      id,
      '',
      programs.filter((name) => !absent.includes(name)),
    );
    expect(said).toBe(
      `host-incomplete "The host cannot be deployed to: it lacks ${absent.join(', ')}, run \`${fix}\`"`,
    );
  });

  it('has room to name everything', () => {
    const said = preflight('debian 12', '', []);
    for (const name of programs.filter((program) => !['dnf', 'rpm'].includes(program))) {
      expect(said).toContain(` ${name},`);
    }
    expect(said).toMatch(/apt dpkg`"$/);
  });

  it('knows curl on Amazon Linux by the package that is there', () => {
    const said = preflight(
      'amzn 2023',
      '',
      programs.filter((name) => name !== 'curl'),
    );
    expect(said).toContain('dnf install curl-minimal');
  });

  it('names a machine that EdgePaaS is not for, together with what is missing', () => {
    const machine = `${only('check_machine')}; preflight::check_kernel() { :; }; HOSTTYPE=riscv64`;
    const said = preflight(
      'debian 12',
      machine,
      programs.filter((name) => name !== 'awk'),
    );
    expect(said).toContain('it lacks awk, run `apt-get install mawk`; its architecture is riscv64');
  });

  it.each([
    ['curl 7.75.0 (x86_64)', 'is curl 7.75.0, older than 7.76'],
    ['', 'is curl of no version'],
    ['curl 7.76.1 (x86_64)', 'nothing'],
    ['curl 8.5.0 (aarch64)', 'nothing'],
  ])('asks a curl that the owner put before the distribution’s own: %s', (answer, words) => {
    const own = `${only('check_curl')}; curl() { echo '${answer}'; }
      preflight::find_programs() { BASH_CMDS[curl]=/usr/local/bin/curl; }`;
    expect(preflight('debian 12', own)).toContain(words);
  });
});

describeRealHost('the preflight on a real Debian', () => {
  let host: PhaseHost;
  beforeAll(async () => (host = await PhaseHost.create()));
  afterAll(() => host?.close());

  const inspect = async () =>
    (await host.run('inspect', { ...valuesOf(host, 1), buildVersion: 'v1' })).receipt;

  it('names the package that brings each program', async () => {
    const words = new Map<string, string>();
    let word = '';
    for (const name of table.trim().split(/\s+/)) {
      if (name.endsWith(':')) word = name.slice(0, -1);
      else if (!['dnf', 'rpm'].includes(name)) words.set(name, word);
    }
    await host.shell(
      "cat >/root/distribution.sh <<'END'\n" + readFileSync('host/lib/distribution.sh', 'utf8') + '\nEND',
    );
    for (const [name, of] of words) {
      const said =
        await host.shell(`source /root/distribution.sh; distribution::package ${of}; p=$(command -v ${name})
        p=$(readlink -f "$p"); { dpkg -S "$p" || dpkg -S "\${p#/usr}"; } 2>/dev/null | grep -c "^$REPLY:"`);
      expect(`${name}: ${said}`).toBe(`${name}: 1`);
    }
  });

  it('tells all that a host lacks at once, and changes nothing', async () => {
    expect((await inspect()).result).toBe('done');
    await host.shell('mkdir /root/away; mv /usr/bin/flock /usr/bin/findmnt /usr/sbin/wipefs /root/away');
    expect(await inspect()).toMatchObject({
      failure: 'host-incomplete',
      cause:
        'The host cannot be deployed to: it lacks findmnt, flock, wipefs, run `apt-get install util-linux`',
    });
    expect(await host.shell('ls /var/lib/edgepaas 2>/dev/null || echo none')).toBe('none');
    await host.shell('mv /root/away/flock /root/away/findmnt /usr/bin; mv /root/away/wipefs /usr/sbin');
    expect((await inspect()).result).toBe('done');
  });

  it('says what Docker would miss in the kernel, and that systemd is not the init', async () => {
    await host.shell("cat >/root/inspect.sh <<'END'\n" + composeScript('inspect') + '\nEND');
    const values = Object.entries({ ...valuesOf(host, 1), buildVersion: 'v1' });
    const variables = values.map(([name, value]) => `SSM_${name}='${value}'`).join(' ');
    const hidden =
      'mount -t tmpfs tmpfs /sys/fs/cgroup; mount -t tmpfs tmpfs /run/systemd; mount --bind /dev/null /proc/filesystems';
    const said = await host.shell(
      `unshare --mount sh -c '${hidden}; exec "$@"' sh env ${variables} bash /root/inspect.sh 2>/dev/null || true`,
    );
    expect(JSON.parse(said)).toMatchObject({
      failure: 'host-incomplete',
      cause: expect.stringMatching(
        /systemd is not its init, .*no cgroup controller cpu, .*no cgroup controller memory, .*no overlay filesystem/,
      ),
    });
  });

  it('takes a curl that is too old for what it is', async () => {
    await host.shell(
      "printf '#!/bin/sh\\necho curl 7.61.1 \\(x86_64\\)\\n' >/usr/local/bin/curl; chmod +x /usr/local/bin/curl",
    );
    expect(await inspect()).toMatchObject({
      failure: 'host-incomplete',
      cause: expect.stringContaining('/usr/local/bin/curl is curl 7.61.1, older than 7.76'),
    });
    await host.shell('rm /usr/local/bin/curl');
  });
});
