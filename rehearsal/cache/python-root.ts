import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/real/run-command.ts';
import { findDebianMirror } from './debian-mirror.ts';
import { findDebootstrap } from './debootstrap.ts';
import type { Progress } from './ensure-base-image.ts';
import { cacheRoot, repositoryRoot } from './folders.ts';
import { withLock } from './lock.ts';
import { packTree, type PackedTree } from './python-layer.ts';
import { release, scriptPath } from './recipe.ts';

/** What the FastAPI example's image has below the app. */
export interface PythonRoot {
  /** The file system, for a chroot; not to be written to. */
  readonly root: string;
  /** The same as an image's layer. */
  readonly layer: PackedTree & { readonly path: string };
}

const script = 'python-root.sh';
const parent = join(cacheRoot, 'python');
const building = 'building-';
const packagesFile = join(repositoryRoot, 'examples', 'fastapi-alembic', 'debian-packages.txt');

/** Builds it if this recipe has not been built here before (about a minute, 150 MB), and otherwise does nothing. */
export async function ensurePythonRoot(
  progress: Progress = () => {},
  signal?: AbortSignal,
): Promise<PythonRoot> {
  const mirror = findDebianMirror();
  const folder = join(parent, recipeKey(mirror));
  if (!existsSync(folder)) {
    await mkdir(parent, { recursive: true });
    await withLock(`${parent}.lock`, () => buildOnce(folder, mirror, progress, signal), signal);
  }
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

/** Built aside and renamed when complete, so that half of one never counts as one. */
async function buildOnce(
  folder: string,
  mirror: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  if (existsSync(folder)) return; // another process has built it meanwhile
  await removeFolders(parent); // of other recipes, and of builds that were killed: the lock's holder is the only one to build
  progress('Fetching Python and the packages of the FastAPI example (once)');
  const aside = await mkdtemp(join(parent, building));
  try {
    await build(aside, mirror, signal);
    await rename(aside, folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function build(folder: string, mirror: string, signal?: AbortSignal): Promise<void> {
  const root = join(folder, 'root');
  const env = { RELEASE: release, MIRROR: mirror, PACKAGES: readPackages().join(',') };
  const debootstrap = await findDebootstrap(folder);
  await runAside([root], { ...env, ...debootstrap }, signal);
  await rm(join(folder, 'debootstrap'), { recursive: true, force: true });
  const facts = await packTree(root, join(folder, 'layer.tar.gz'), signal);
  await writeFile(join(folder, 'layer.json'), JSON.stringify(facts));
}

/** In namespaces: what debootstrap mounts goes with them, and if this process is killed, all of it ends. */
function runAside(
  args: readonly string[],
  env: Record<string, string>,
  signal?: AbortSignal,
): Promise<string> {
  const namespaces = ['unshare', '--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  return runCommand('setpriv', ['--pdeathsig', 'KILL', ...namespaces, 'sh', scriptPath(script), ...args], {
    env: { ...process.env, ...env },
    signal,
    killSignal: 'SIGKILL', // unshare takes no other while it waits
  });
}

async function removeFolders(path: string): Promise<void> {
  for (const name of await readdir(path)) await rm(join(path, name), { recursive: true, force: true });
}
