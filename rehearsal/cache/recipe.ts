import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const release = 'bookworm';

/** Programs that run beside the host, never on it. */
export const tools = [
  'docker-registry',
  'skopeo',
  'apt-utils',
  'dpkg-dev',
  'gnupg',
  'xfsprogs',
  'e2fsprogs',
  'postgresql-15',
];

/** What phases may install on a bare host; their dependencies come along. */
export const packages = [
  'jq',
  'nginx-light',
  'nginx',
  'logrotate',
  'xfsprogs',
  'e2fsprogs',
  'rsync',
  'curl',
  'ca-certificates',
  'gnupg',
  'gpg',
  'iptables',
  'docker.io',
  'containerd',
  'runc',
  'postgresql-client',
  'sqlite3',
  'libfaketime', // for no phase: tests set a clock by it
];

/** Makes a host's root disk of the base: as large as a cloud's usual one, but with a small journal, as it is copied often. */
export const makeDisk = [
  ...['mkfs.ext4', '-q', '-d', 'base', '-L', 'root', '-i', '32768', '-m', '0', '-J', 'size=16'],
  ...['-E', 'assume_storage_prezeroed=1,lazy_itable_init=0', 'disk.img', '8G'],
];

const scripts = [
  'build-base.sh',
  'build-tools.sh',
  'download-packages.sh',
  'repackage-docker.sh',
  'sign-repositories.sh',
];

export function scriptPath(name: string): string {
  return join(import.meta.dirname, name);
}

/** The name of the image these recipes make: other recipes, another name. */
export function recipeKey(mirror: string): string {
  const hash = createHash('sha256').update(
    JSON.stringify([release, tools, packages, makeDisk, mirror, process.arch]),
  );
  for (const script of scripts) hash.update(readFileSync(scriptPath(script)));
  return hash.digest('hex').slice(0, 16);
}
