import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from './build-image.ts';
import { buildOnce } from './build-once.ts';
import { findDebianMirror } from './debian-mirror.ts';
import { imagesRoot } from './folders.ts';
import { recipeKey } from './recipe.ts';

/** Root file systems and package repositories that every rehearsal host on this machine shares. */
export interface BaseImage {
  readonly folder: string;
  /** A bare host's root file system. */
  readonly base: string;
  /** The same as the image of a disk, sparse, to be copied for each host. */
  readonly disk: string;
  /** Of a host that is prepared: the image of its volume, to be copied for each host too. */
  readonly volume?: string;
  /** The folder that a package host serves: `debian/`, and `docker/` for download.docker.com. */
  readonly packages: string;
  /** Of the key that signs `docker/`: a stack parameter in the rehearsal, as it is not Docker's own. */
  readonly dockerKeyFingerprint: string;
  /** The release's name in the mirror, where it is not Debian's of recipe.ts. */
  readonly release?: string;
}

/** The image while it is built, and the disks of one host. */
const neededMiB = 2048;

export type Progress = (what: string) => void;

/** Builds the image if these recipes have not been built here before (about a minute), and otherwise does nothing. */
export async function ensureBaseImage(
  progress: Progress = () => {},
  signal?: AbortSignal,
): Promise<BaseImage> {
  const mirror = findDebianMirror();
  const make = async (aside: string) => {
    await requireSpace();
    await buildImage(aside, mirror, progress, signal);
  };
  return describeImage(await buildOnce(imagesRoot, recipeKey(mirror), make, signal));
}

/** What fails for want of space names other reasons. */
async function requireSpace(): Promise<void> {
  const { bavail, bsize } = await statfs(imagesRoot);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free >= neededMiB) return;
  throw new Error(
    `${imagesRoot} has ${free} MiB free, and a rehearsal host needs ${neededMiB}: make room there`,
  );
}

async function describeImage(folder: string): Promise<BaseImage> {
  const packages = join(folder, 'apt');
  const fingerprint = await readFile(join(packages, 'docker-key-fingerprint'), 'utf8');
  const root = { base: join(folder, 'base'), disk: join(folder, 'disk.img') };
  return { folder, ...root, packages, dockerKeyFingerprint: fingerprint.trim() };
}
