import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce } from './build-once.ts';
import { findDebianMirror } from './debian-mirror.ts';
import { findDebootstrap } from './debootstrap.ts';
import type { Progress } from './ensure-base-image.ts';
import { cacheRoot, repositoryRoot } from './folders.ts';
import { packTree, type PackedTree } from './python-layer.ts';
import { release, scriptPath } from './recipe.ts';
import { runAside } from './run-aside.ts';

/** What the FastAPI example's image has below the app. */
export interface PythonRoot {
  /** The file system, for a chroot; not to be written to. */
  readonly root: string;
  /** The same as an image's layer. */
  readonly layer: PackedTree & { readonly path: string };
}

const script = 'python-root.sh';
const packagesFile = join(repositoryRoot, 'examples', 'fastapi-alembic', 'debian-packages.txt');

/** Builds it if this recipe has not been built here before (about a minute, 150 MB), and otherwise does nothing. */
export async function ensurePythonRoot(
  progress: Progress = () => {},
  signal?: AbortSignal,
): Promise<PythonRoot> {
  const mirror = findDebianMirror();
  const make = async (aside: string) => {
    progress('Fetching Python and the packages of the FastAPI example (once)');
    await build(aside, mirror, signal);
  };
  const folder = await buildOnce(join(cacheRoot, 'python'), recipeKey(mirror), make, signal);
  const facts = JSON.parse(await readFile(join(folder, 'layer.json'), 'utf8')) as PackedTree;
  return { root: join(folder, 'root'), layer: { ...facts, path: join(folder, 'layer.tar.gz') } };
}

function recipeKey(mirror: string): string {
  const hash = createHash('sha256').update(JSON.stringify([release, readPackages(), mirror, process.arch]));
  return hash
    .update(readFileSync(scriptPath(script)))
    .digest('hex')
    .slice(0, 16);
}

const readPackages = () => readFileSync(packagesFile, 'utf8').trim().split('\n');

async function build(folder: string, mirror: string, signal?: AbortSignal): Promise<void> {
  const root = join(folder, 'root');
  const env = { RELEASE: release, MIRROR: mirror, PACKAGES: readPackages().join(',') };
  const debootstrap = await findDebootstrap(folder);
  await runAside(script, [root], { ...env, ...debootstrap }, signal);
  await rm(join(folder, 'debootstrap'), { recursive: true, force: true });
  const facts = await packTree(root, join(folder, 'layer.tar.gz'), signal);
  await writeFile(join(folder, 'layer.json'), JSON.stringify(facts));
}
