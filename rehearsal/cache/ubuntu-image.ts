import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../host/real/run-command.ts';
import { buildOnce } from './build-once.ts';
import { findDebootstrap } from './debootstrap.ts';
import { type BaseImage, ensureBaseImage } from './ensure-base-image.ts';
import { cacheRoot } from './folders.ts';
import { makeDisk, packages, scriptPath } from './recipe.ts';
import { runTool } from './tools.ts';

const mirror = 'http://archive.ubuntu.com/ubuntu';
const release = 'jammy';
/** Its key 2018 has the fingerprint F6EC B376 2474 EDA9 D21B 7022 8719 20D1 991B C93C. */
const keyring = {
  url: `${mirror}/pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb`,
  sha256: '0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f',
};
/** Ubuntu has no nginx-light, and its init for containers comes in a package of its own. */
const ubuntuPackages = [...packages.filter((name) => name !== 'nginx-light'), 'tini'];

const scripts = ['build-base.sh', 'download-packages.sh', 'repackage-docker.sh', 'sign-repositories.sh'];
const parent = join(cacheRoot, 'ubuntu');

/** Why there can be no Ubuntu host here; undefined if there can be one. */
export async function missingForUbuntu(): Promise<string | undefined> {
  if (process.arch !== 'x64') return 'an x86_64 machine, since its mirror has no other architecture';
  if (existsSync(join(parent, recipeKey()))) return undefined;
  const answer = await fetch(`${mirror}/dists/${release}/Release`, {
    method: 'HEAD',
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  return answer?.ok ? undefined : `${new URL(mirror).host}, which does not answer`;
}

/**
 * The file system of a real Ubuntu 22.04 and its packages, for hosts as those of `ensureBaseImage`. Built here once, in about
 * two minutes. Docker's packages for it are made of Ubuntu's own docker.io, as Debian's are.
 */
export async function ensureUbuntuImage(): Promise<BaseImage> {
  const tools = await ensureBaseImage();
  const folder = await buildOnce(parent, recipeKey(), (aside) => build(aside, tools.folder));
  const apt = join(folder, 'apt');
  const fingerprint = await readFile(join(apt, 'docker-key-fingerprint'), 'utf8');
  const disks = { base: join(folder, 'base'), disk: join(folder, 'disk.img') };
  return { ...tools, ...disks, packages: apt, dockerKeyFingerprint: fingerprint.trim(), release };
}

function recipeKey(): string {
  const hash = createHash('sha256').update(
    JSON.stringify([mirror, release, keyring, ubuntuPackages, makeDisk]),
  );
  for (const script of [...scripts, 'debootstrap-ubuntu.sh']) hash.update(readFileSync(scriptPath(script)));
  return hash.digest('hex').slice(0, 16);
}

async function build(folder: string, toolsFolder: string): Promise<void> {
  const debootstrap = await findDebootstrap(folder);
  await runAside('build-base.sh', [join(folder, 'base')], {
    ...{ RELEASE: release, MIRROR: mirror, KEYRING: await fetchKeyring(folder) },
    ...{ ...debootstrap, REAL_DEBOOTSTRAP: debootstrap.DEBOOTSTRAP! },
    DEBOOTSTRAP: scriptPath('debootstrap-ubuntu.sh'),
  });
  await runAside('download-packages.sh', [folder], { PACKAGES: ubuntuPackages.join(' ') });
  const apt = join(folder, 'apt');
  for (const script of ['repackage-docker.sh', 'sign-repositories.sh']) {
    await copyFile(scriptPath(script), join(apt, script));
    await runTool(toolsFolder, apt, ['env', `RELEASE=${release}`, 'bash', script]);
    await rm(join(apt, script));
  }
  await rename(join(apt, 'docker/linux/debian'), join(apt, 'docker/linux/ubuntu'));
  await runTool(toolsFolder, folder, makeDisk);
  for (const name of ['download', 'work', 'debootstrap', 'keyring']) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function fetchKeyring(folder: string): Promise<string> {
  const unpacked = join(folder, 'keyring');
  await mkdir(unpacked);
  const answer = await fetch(keyring.url);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== keyring.sha256)
    throw new Error(`${keyring.url} has the SHA-256 ${sha256} and not ${keyring.sha256}`);
  await writeFile(join(unpacked, 'keyring.deb'), bytes);
  await runCommand('dpkg-deb', ['--extract', join(unpacked, 'keyring.deb'), unpacked]);
  return join(unpacked, 'usr/share/keyrings/ubuntu-archive-keyring.gpg');
}

/** In namespaces: what a script mounts goes with them, and if this process is killed, all of it ends. */
function runAside(script: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const namespaces = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  return runCommand('setpriv', ['--pdeathsig', 'KILL', ...namespaces, 'sh', scriptPath(script), ...args], {
    env: { ...process.env, ...env },
  });
}
