import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from './build-image.ts';
import { findDebianMirror } from './debian-mirror.ts';
import { imagesRoot } from './folders.ts';
import { withLock } from './lock.ts';
import { recipeKey } from './recipe.ts';

/** Root file systems and package repositories that every rehearsal host on this machine shares. */
export interface BaseImage {
  readonly folder: string;
  /** A bare host's root file system. */
  readonly base: string;
  /** The same as the image of a disk, sparse, to be copied for each host. */
  readonly disk: string;
  /** The folder that a package host serves: `debian/`, and `docker/` for download.docker.com. */
  readonly packages: string;
  /** Of the key that signs `docker/`: a stack parameter in the rehearsal, as it is not Docker's own. */
  readonly dockerKeyFingerprint: string;
  /** The release's name in the mirror, where it is not Debian's of recipe.ts. */
  readonly release?: string;
}

const building = 'building-';
/** The image while it is built, and the disks of one host. */
const neededMiB = 2048;

export type Progress = (what: string) => void;

/** Builds the image if these recipes have not been built here before (about a minute), and otherwise does nothing. */
export async function ensureBaseImage(
  progress: Progress = () => {},
  signal?: AbortSignal,
): Promise<BaseImage> {
  const mirror = findDebianMirror();
  const folder = join(imagesRoot, recipeKey(mirror));
  if (!existsSync(folder)) {
    await mkdir(imagesRoot, { recursive: true });
    await withLock(`${imagesRoot}.lock`, () => buildOnce(folder, mirror, progress, signal), signal);
  }
  return describeImage(folder);
}

/** Built aside and renamed when complete, so that a half-built image never counts as one. */
async function buildOnce(
  folder: string,
  mirror: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  if (existsSync(folder)) return; // another rehearsal has built it meanwhile
  await removeAbandoned();
  await requireSpace();
  const aside = await mkdtemp(join(imagesRoot, building));
  try {
    await buildImage(aside, mirror, progress, signal);
    await rename(aside, folder);
    await removeOthers(folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
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

/** Of builds that were killed: whoever holds the lock is the only one to build. */
async function removeAbandoned(): Promise<void> {
  const names = (await readdir(imagesRoot)).filter((name) => name.startsWith(building));
  for (const name of names) await rm(join(imagesRoot, name), { recursive: true });
}

/** Of earlier recipes. A host that still runs on one keeps its files until it ends. */
async function removeOthers(folder: string): Promise<void> {
  const names = (await readdir(imagesRoot)).filter((name) => !name.startsWith(building));
  const others = names.map((name) => join(imagesRoot, name)).filter((path) => path !== folder);
  for (const path of others) await rm(path, { recursive: true, force: true });
}

async function describeImage(folder: string): Promise<BaseImage> {
  const packages = join(folder, 'apt');
  const fingerprint = await readFile(join(packages, 'docker-key-fingerprint'), 'utf8');
  const root = { base: join(folder, 'base'), disk: join(folder, 'disk.img') };
  return { folder, ...root, packages, dockerKeyFingerprint: fingerprint.trim() };
}
