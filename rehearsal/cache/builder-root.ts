import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildOnce } from './build-once.ts';
import { findDebianMirror } from './debian-mirror.ts';
import { type BaseImage, ensureBaseImage, type Progress } from './ensure-base-image.ts';
import { cacheRoot, repositoryRoot } from './folders.ts';
import { makeDisk, release, scriptPath } from './recipe.ts';
import { aside, runAside } from './run-aside.ts';
import { runTool } from './tools.ts';

/** The AWS CLI is Debian's 2.9.19; busybox and mksh are further shells for scripts that claim to need only a POSIX one. */
const packages = ['awscli', 'git', 'curl', 'ca-certificates', 'busybox', 'mksh', 'jq'];
const script = 'build-builder.sh';

/**
 * A machine that builds images, as a person's or a CI runner is: a Debian 12 with the AWS CLI, git, curl, further shells and Docker,
 * which starts at boot. `base` is its file system, for a chroot (see `insideBuilder`) and not to be written to; the whole is
 * an image for a RealHost. Built here once, in about a minute, at `.cache/rehearsal/builder/<key>/base`.
 */
export async function ensureBuilderRoot(
  progress: Progress = () => {},
  signal?: AbortSignal,
): Promise<BaseImage> {
  const image = await ensureBaseImage(progress, signal);
  const make = async (folder: string) => {
    progress('Fetching the programs of a machine that builds images (once)');
    const variables = { PACKAGES: packages.join(' '), RELEASE: release, MIRROR: findDebianMirror() };
    await runAside(script, [image.folder, folder], variables, signal);
    await runTool(image.folder, folder, makeDisk);
  };
  const folder = await buildOnce(join(cacheRoot, 'builder'), recipeKey(image), make, signal);
  return { ...image, base: join(folder, 'base'), disk: join(folder, 'disk.img') };
}

function recipeKey({ folder }: BaseImage): string {
  const hash = createHash('sha256').update(JSON.stringify([packages, makeDisk, basename(folder)]));
  return hash
    .update(readFileSync(scriptPath(script)))
    .digest('hex')
    .slice(0, 16);
}

/**
 * The command line, to be spawned as root, of a program in a copy of the builder's file system that ends with it. It has the
 * environment and network of its caller, and the repository as its /mnt and working directory.
 */
export function insideBuilder(
  { base }: BaseImage,
  command: readonly string[],
  folder = repositoryRoot,
): string[] {
  return ['setpriv', ...aside, 'sh', scriptPath('enter-builder.sh'), base, folder, ...command];
}
