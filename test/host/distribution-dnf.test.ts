import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { ensureDnfRoot, runWithDnf } from '../../rehearsal/cache/dnf-root.ts';
import { describeRealHost } from '../rehearsal/host/fixture.ts';
import { osReleases, type Distribution } from './os-releases.ts';

const rows = /^PACKAGES='([^']*)'/m.exec(readFileSync('host/lib/distribution.sh', 'utf8'))![1]!;
const table = rows
  .trim()
  .split('\n')
  .slice(1)
  .map((row) => row.trim().split(/\s+/));
const words = table.map(([word]) => word!);
const dockerPackages = [
  'docker-ce',
  'docker-ce-cli',
  'containerd.io',
  'docker-buildx-plugin',
  'docker-compose-plugin',
];
const distributions: Distribution[] = [
  'CentOS Stream 9',
  'RHEL 9',
  'RHEL 10',
  'Rocky Linux 9',
  'AlmaLinux 9',
  'Amazon Linux 2023',
];

/** As on RHEL 9; Debian's own says otherwise. Source: dnf.conf of the package dnf-data. */
const dnfConf =
  '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False';
const osRepository = '[os]\nname=os\nbaseurl=file:///srv/os\ngpgcheck=0';

describeRealHost('packages by the real dnf and rpm, in a Debian that says it is another distribution', () => {
  let root: string;
  beforeAll(async () => {
    const os = [...new Set(table.flatMap(([, , el, amzn]) => [el!, amzn!]).filter((name) => name !== '-'))];
    const dockerFolders = ['centos/9', 'rhel/9', 'rhel/10'];
    root = await ensureDnfRoot({ os, docker: dockerPackages, dockerFolders });
  });

  /** Runs `script` as a phase that holds the host's lock; `before` is done to the host first. Gives its receipt and its words. */
  async function onHost(name: Distribution, script: string, before = '', size?: string) {
    const phase = `source host/lib/phase.sh; source host/lib/docker-repository.sh
      phase::begin install-docker; phase::enter_host; distribution::require
      ${script}
      phase::done '{}'`;
    const { stdout, stderr, exitCode } = await runWithDnf(
      root,
      `set -e
      cat >/etc/os-release <<'END'\n${osReleases[name]}\nEND
      mkdir -p /etc/yum.repos.d /etc/pki/rpm-gpg
      printf '%s' '${dnfConf}' >/etc/dnf/dnf.conf
      printf '%s' '${osRepository}' >/etc/yum.repos.d/os.repo
      echo 9 >/etc/dnf/vars/releasever
      export SSM_app=web SSM_deploymentId=web-1 SSM_fence=1
      export DOCKER_REPOSITORY_URL=file:///srv/docker RPM_KEY_FINGERPRINT=$(</srv/docker-key-fingerprint)
      ${before}
      cat >/tmp/phase.sh <<'END'\n${phase}\nEND
      exec bash /tmp/phase.sh`,
      size,
    );
    if (!stdout.startsWith('{')) throw new Error(`exit ${exitCode}: ${stdout}${stderr}`);
    return { receipt: JSON.parse(stdout) as Record<string, unknown>, said: stderr };
  }

  it.each(distributions)(
    'installs every word of the table on %s, and nothing again that is there',
    async (name) => {
      const column = name === 'Amazon Linux 2023' ? 3 : 2;
      const expected = [...new Set(table.map((row) => row[column]!).filter((it) => it !== '-'))].sort();
      const { receipt, said } = await onHost(
        name,
        `package::provide ${words.join(' ')}
      package::command() { phase::fail phase-crashed 'dnf was asked again'; }
      package::provide ${words.join(' ')}
      rpm --query --all --queryformat '%{NAME}\\n' | grep -v gpg-pubkey | sort >&2`,
      );
      expect(receipt).toMatchObject({ result: 'done' });
      expect(said.trim().split('\n').slice(-expected.length)).toEqual(expected);
    },
  );

  it.each(distributions.filter((name) => name !== 'Amazon Linux 2023'))(
    'adds Docker’s repository on %s by its checked key, and installs only what that key has signed',
    async (name) => {
      const install = `docker_repository::add; package::install ${dockerPackages.join(' ')}`;
      const { receipt, said } = await onHost(
        name,
        `${install}; rpm --query docker-ce containerd.io >&2; cat /etc/yum.repos.d/docker-ce.repo >&2`,
      );
      expect(receipt).toMatchObject({ result: 'done' });
      expect(said).toContain('docker-ce-1-1.noarch\ncontainerd.io-1-1.noarch');
      const folder = { 'RHEL 9': 'rhel/9', 'RHEL 10': 'rhel/10' }[name as string] ?? 'centos/9';
      expect(said).toContain(`baseurl=file:///srv/docker/linux/${folder}/$basearch/stable`);
    },
  );

  it('refuses Docker’s packages that another key has signed, or none', async () => {
    const unsign =
      'for it in /srv/docker/linux/centos/9/*/stable; do rpmsign --delsign $it/*.rpm; rm -r $it/repodata; createrepo_c --quiet $it; done >/dev/null';
    const { receipt, said } = await onHost(
      'Rocky Linux 9',
      'docker_repository::add; package::install docker-ce',
      unsign,
    );
    expect(receipt).toMatchObject({
      failure: 'package-install-failed',
      cause: expect.stringMatching(/^Could not install docker-ce: .*not signed/),
    });
    expect(said).not.toContain('docker-ce-1-1.noarch\n');
  });

  it('trusts no key with another fingerprint', async () => {
    const { receipt, said } = await onHost(
      'RHEL 9',
      'docker_repository::add',
      `RPM_KEY_FINGERPRINT=${'F'.repeat(40)}`,
    );
    expect(receipt).toMatchObject({ failure: 'docker-key-mismatch' });
    expect(said).toContain('nothing was trusted or installed');
  });

  it.each([
    [
      'a package that is nowhere',
      'nowhere-at-all',
      '',
      /^Could not install nowhere-at-all:.*Unable to find a match: nowhere-at-all/,
    ],
    [
      'a package whose requirements are nowhere',
      'needy',
      '',
      /^Could not install needy:.*Problem.*nowhere-to-be-found/,
    ],
    [
      'a repository that is out of reach',
      'jq',
      'sed -i s#file:///srv/os#http://192.0.2.1/os# /etc/yum.repos.d/os.repo; echo timeout=2 >>/etc/dnf/dnf.conf; echo retries=1 >>/etc/dnf/dnf.conf',
      /^Could not install jq:.*Failed to download metadata for repo 'os'/,
    ],
  ])('names %s in dnf’s own words', async (_, name, before, cause) => {
    const { receipt } = await onHost('CentOS Stream 9', `package::install ${name}`, before);
    expect(receipt).toMatchObject({ failure: 'package-install-failed', cause: expect.stringMatching(cause) });
  });

  it('knows a full disk when dnf says so', async () => {
    const { receipt } = await onHost('AlmaLinux 9', 'package::install enormous', '', '48m');
    expect(receipt).toMatchObject({
      failure: 'disk-full',
      cause: 'There is no room to install enormous: free some of the root disk, or grow it',
    });
  });

  it('waits while another dnf is at work', async () => {
    const other = `mkfifo /run/go; dnf -y -q install slow >/dev/null & until [[ -e /run/slow ]]; do sleep 0.02; done`;
    const bothAtWork = "(($(grep -ls '^dnf$' /proc/[0-9]*/comm | wc -l) > 1))";
    const { receipt, said } = await onHost(
      'Rocky Linux 9',
      `until ${bothAtWork}; do sleep 0.02; done && echo >/run/go &
      package::install jq; rpm --query slow jq >&2`,
      other,
    );
    expect(receipt).toMatchObject({ result: 'done' });
    expect(said).toContain('slow-1-1.noarch\njq-1-1.noarch');
  });
});
