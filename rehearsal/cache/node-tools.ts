import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/real/run-command.ts';
import { buildOnce } from './build-once.ts';
import { insideBuilder } from './builder-root.ts';
import type { BaseImage, Progress } from './ensure-base-image.ts';
import { cacheRoot, repositoryRoot } from './folders.ts';
import { packTree, type PackedTree } from './python-layer.ts';
import { scriptPath } from './recipe.ts';

const npmVersion = '10.9.4';
const script = 'node-tools.sh';
const packageFile = join(repositoryRoot, 'examples', 'node-app', 'package.json');
/** Debian's, which needs no libraries: those of the image are this machine's, beside its Node. */
const fetchBusybox = `
  apt-get -q update && cd /tmp && apt-get -q download busybox-static && dpkg-deb --extract busybox-static_*.deb . &&
  cp bin/busybox /mnt/root.busybox`;

/**
 * The layer that, over Node, makes an image in which the Node example's Dockerfile can build: npm with its cache, and a shell.
 * `builder` is the machine of `ensureBuilderRoot`. Made here once, in some ten seconds (20 MB).
 */
export async function ensureNodeTools(
  builder: BaseImage,
  progress: Progress = () => {},
  signal?: AbortSignal,
): Promise<PackedTree & { readonly path: string }> {
  const hash = createHash('sha256').update(JSON.stringify([npmVersion, fetchBusybox, process.version]));
  for (const file of [packageFile, scriptPath(script)]) hash.update(await readFile(file));
  const make = async (aside: string) => {
    progress('Fetching npm and the packages of the Node example (once)');
    await build(builder, aside, signal);
  };
  const key = hash.digest('hex').slice(0, 16);
  const folder = await buildOnce(join(cacheRoot, 'node-tools'), key, make, signal);
  const facts = JSON.parse(await readFile(join(folder, 'layer.json'), 'utf8')) as PackedTree;
  return { ...facts, path: join(folder, 'layer.tar.gz') };
}

async function build(builder: BaseImage, folder: string, signal?: AbortSignal): Promise<void> {
  const [program, ...args] = insideBuilder(builder, ['sh', '-c', fetchBusybox], folder);
  await runCommand(program!, args, { signal });
  const root = join(folder, 'root');
  await mkdir(root);
  const env = { ...process.env, NPM_VERSION: npmVersion };
  await runCommand('sh', [scriptPath(script), root, packageFile], { env, signal });
  const facts = await packTree(root, join(folder, 'layer.tar.gz'), signal);
  await rm(root, { recursive: true });
  await writeFile(join(folder, 'layer.json'), JSON.stringify(facts));
}
