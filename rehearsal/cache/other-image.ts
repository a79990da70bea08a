import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/real/run-command.ts';
import { buildOnce } from './build-once.ts';
import { findDebianMirror } from './debian-mirror.ts';
import { findDebootstrap } from './debootstrap.ts';
import { type BaseImage, ensureBaseImage } from './ensure-base-image.ts';
import { cacheRoot } from './folders.ts';
import { makeDisk, packages, scriptPath } from './recipe.ts';
import { runAside } from './run-aside.ts';
import { runTool } from './tools.ts';

/** A distribution that is no Debian 12, and of which there can be a real host all the same. */
interface Recipe {
  readonly mirror: string;
  readonly release: string;
  readonly components: string;
  /** debootstrap's for its releases. */
  readonly script: string;
  /** Beside those of Debian 12. */
  readonly packages: readonly string[];
  /** Below linux/ of Docker's package host. */
  readonly dockerFolder: string;
  /** The package with the key of its mirror, pinned, for the machine trusts that key for nothing else. Debian 12 has Debian's. */
  readonly keyring?: { readonly url: string; readonly sha256: string; readonly file: string };
}

const ubuntuMirror = 'http://archive.ubuntu.com/ubuntu';
const ubuntu = {
  mirror: ubuntuMirror,
  components: 'main,universe',
  script: 'gutsy',
  packages: ['tini'],
  dockerFolder: 'ubuntu',
  keyring: {
    url: `${ubuntuMirror}/pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb`,
    // Its key of 2018 has the fingerprint F6EC B376 2474 EDA9 D21B 7022 8719 20D1 991B C93C.
    sha256: '0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f',
    file: 'usr/share/keyrings/ubuntu-archive-keyring.gpg',
  },
};
const recipes = {
  'Debian 13': {
    mirror: findDebianMirror(),
    release: 'trixie',
    components: 'main',
    script: 'sid',
    packages: ['docker-cli', 'tini'],
    dockerFolder: 'debian',
  },
  'Ubuntu 22.04': { ...ubuntu, release: 'jammy' },
  'Ubuntu 24.04': { ...ubuntu, release: 'noble' },
} satisfies Record<string, Recipe>;

export type OtherDistribution = keyof typeof recipes;

const ofRepositories = ['merge-docker-cli.sh', 'repackage-docker.sh', 'sign-repositories.sh'];
const scripts = ['build-base.sh', 'debootstrap-other.sh', 'download-packages.sh', ...ofRepositories];

/** Why there can be no host of it here; undefined if there can be one. */
export async function missingForOther(name: OtherDistribution): Promise<string | undefined> {
  if (process.arch !== 'x64') return 'an x86_64 machine, since its mirror has no other architecture';
  const recipe = recipes[name];
  if (existsSync(join(parentOf(recipe), recipeKey(recipe)))) return undefined;
  const answer = await fetch(`${recipe.mirror}/dists/${recipe.release}/Release`, {
    method: 'HEAD',
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  return answer?.ok ? undefined : `${new URL(recipe.mirror).host}, which does not answer`;
}

/**
 * The file system of another distribution and its packages, for hosts as those of `ensureBaseImage`. Built here once, in about
 * two minutes. Docker's packages for it are made of its own docker.io, as Debian's are.
 */
export async function ensureOtherImage(name: OtherDistribution): Promise<BaseImage> {
  const recipe = recipes[name];
  const tools = await ensureBaseImage();
  const folder = await buildOnce(parentOf(recipe), recipeKey(recipe), (aside) => build(recipe, aside, tools));
  const apt = join(folder, 'apt');
  const fingerprint = await readFile(join(apt, 'docker-key-fingerprint'), 'utf8');
  const disks = { base: join(folder, 'base'), disk: join(folder, 'disk.img') };
  return {
    ...tools,
    ...disks,
    packages: apt,
    dockerKeyFingerprint: fingerprint.trim(),
    release: recipe.release,
  };
}

const parentOf = ({ release }: Recipe) => join(cacheRoot, 'distributions', release);

function recipeKey(recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify([recipe, packages, makeDisk]));
  for (const script of scripts) hash.update(readFileSync(scriptPath(script)));
  return hash.digest('hex').slice(0, 16);
}

async function build(recipe: Recipe, folder: string, tools: BaseImage): Promise<void> {
  const { release, mirror, components, script, dockerFolder } = recipe;
  const debootstrap = await findDebootstrap(folder);
  await runAside('build-base.sh', [join(folder, 'base')], {
    ...debootstrap,
    REAL_DEBOOTSTRAP: debootstrap.DEBOOTSTRAP!,
    DEBOOTSTRAP: scriptPath('debootstrap-other.sh'),
    RELEASE: release,
    MIRROR: mirror,
    AREAS: components,
    SUITE_SCRIPT: script,
    KEYRING: recipe.keyring
      ? await fetchKeyring(recipe.keyring, folder)
      : join(tools.base, 'usr/share/keyrings/debian-archive-keyring.gpg'),
  });
  const names = [...packages.filter((name) => name !== 'nginx-light'), ...recipe.packages];
  await runAside('download-packages.sh', [folder], { PACKAGES: names.join(' ') });
  await makeRepositories(folder, tools.folder, release);
  const docker = join(folder, 'apt/docker/linux');
  if (dockerFolder !== 'debian') await rename(join(docker, 'debian'), join(docker, dockerFolder));
  await runTool(tools.folder, folder, makeDisk);
  for (const name of ['download', 'work', 'debootstrap', 'keyring']) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function makeRepositories(folder: string, toolsFolder: string, release: string): Promise<void> {
  const apt = join(folder, 'apt');
  for (const script of ofRepositories) {
    await copyFile(scriptPath(script), join(apt, script));
    await runTool(toolsFolder, apt, ['env', `RELEASE=${release}`, 'bash', script]);
    await rm(join(apt, script));
  }
}

async function fetchKeyring(keyring: NonNullable<Recipe['keyring']>, folder: string): Promise<string> {
  const unpacked = join(folder, 'keyring');
  await mkdir(unpacked);
  const answer = await fetch(keyring.url);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== keyring.sha256) {
    throw new Error(`${keyring.url} has the SHA-256 ${sha256} and not ${keyring.sha256}`);
  }
  await writeFile(join(unpacked, 'keyring.deb'), bytes);
  await runCommand('dpkg-deb', ['--extract', join(unpacked, 'keyring.deb'), unpacked]);
  return join(unpacked, keyring.file);
}
