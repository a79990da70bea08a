import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Runs bash with libraries and phases' functions on a host that is said to be of the RPM family. */
function onRpm(release: string, script: string): string {
  const frame = `set -Eeuo pipefail; shopt -s inherit_errexit; export LC_ALL=C
    RUNTIME=/nowhere DOCKER_REPOSITORY_URL=https://docker.example RPM_KEY_FINGERPRINT=F
    phase::fail() { printf '%s: %s\\n' "$@"; exit; }
    source host/lib/json.sh; source host/lib/host.sh; source host/lib/docker-repository.sh; source host/lib/docker-setup.sh
    distribution::read() { DISTRIBUTION=\${1%% *} DISTRIBUTION_VERSION=\${1##* }; }
    distribution::read "$1"; distribution::find`;
  const run = spawnSync('bash', ['-c', `${frame}\n${script}`, 'bash', release]);
  if (run.status !== 0) throw new Error(`exit ${run.status}: ${run.stderr}`);
  return run.stdout.toString();
}

const functionsOf = (phase: string) =>
  `source <(sed -n '/^install_docker::[a-z_]*() {/,/^}/p' host/phases/${phase}.sh)`;

describe('Docker’s repository on RPM systems', () => {
  const add = `docker_repository::fetch_key() { KEY=key; echo "key $1"; }; gpg() { :; }; rpm() { echo "rpm $*"; }
    file::replace() { printf '%s\\n%s' "$1" "$2"; }; docker_repository::add`;

  it.each([
    ['rhel 9.4', 'rhel/9'],
    ['rhel 10.0', 'rhel/10'],
    ['centos 9', 'centos/9'],
    ['rocky 9.6', 'centos/9'],
    ['almalinux 10.2', 'centos/10'],
  ])('is that of the major release on %s', (release, path) => {
    const said = onRpm(release, add);
    expect(said).toContain(`baseurl=https://docker.example/linux/${path}/$basearch/stable\n`);
    expect(said).toContain('gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-docker\n');
    expect(said).toContain('rpm --import /etc/pki/rpm-gpg/RPM-GPG-KEY-docker');
  });
});

describe('what Docker needs of netfilter', () => {
  const add = (modprobe: string) =>
    `${functionsOf('install-docker')}; uname() { echo 6.12.0-1.el10.x86_64; }; modprobe() { ${modprobe}; }
     DOCKER_PACKAGES=(docker-ce); install_docker::add_netfilter; echo "\${DOCKER_PACKAGES[*]}"`;

  it('is iptables, and on RHEL 10 the modules of the running kernel', () => {
    expect(onRpm('rhel 9.4', add('true'))).toBe('docker-ce iptables-nft\n');
    const modules = 'kernel-modules-extra-6.12.0-1.el10.x86_64';
    expect(onRpm('rhel 10.0', add('false'))).toBe(`docker-ce iptables-nft ${modules}\n`);
  });
});

describe('dnf', () => {
  it.each([
    [
      'Error: Unable to find a match: nginx\\n',
      'package-install-failed: Could not install nginx: Error: Unable to find a match: nginx\n',
    ],
    [
      'Failed to resolve the transaction:\\nNo match for argument: nginx',
      'package-install-failed: Could not install nginx: No match for argument: nginx\n',
    ],
    [
      'Disk Requirements:\\n   At least 12MB more space needed on the / filesystem.',
      'disk-full: There is no room to install nginx: free some of the root disk, or grow it\n',
    ],
    [
      'installing package nginx needs 12MB more space on the / filesystem',
      'disk-full: There is no room to install nginx: free some of the root disk, or grow it\n',
    ],
  ])('is understood when it says %j', (said, failure) => {
    expect(
      onRpm('rhel 10.0', `phase::say() { :; }; PACKAGE_OUTPUT=$(printf '${said}'); package::fail nginx`),
    ).toBe(failure);
  });
});
