import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce } from './build-once.ts';
import { ensureBaseImage } from './ensure-base-image.ts';
import { cacheRoot, repositoryRoot } from './folders.ts';
import { scriptPath } from './recipe.ts';
import { aside, runAside } from './run-aside.ts';

export interface RpmPackages {
  /** Of the distribution. */
  readonly os: readonly string[];
  readonly docker: readonly string[];
  /** Below linux/ of Docker's package host, such as `centos/9`. */
  readonly dockerFolders: readonly string[];
}

const tools = ['dnf', 'rpm', 'createrepo-c', 'gnupg', 'curl'];
const scripts = ['build-tools.sh', 'build-rpm-repositories.sh'];

/**
 * The real dnf and rpm, as Debian packages them, in a file system of Debian's with repositories of empty packages: not an RPM
 * distribution, but what its package manager is and says. Built here once, in half a minute; gives its folder.
 */
export async function ensureDnfRoot(packages: RpmPackages): Promise<string> {
  const image = await ensureBaseImage();
  const key = createHash('sha256').update(JSON.stringify([tools, packages, image.folder]));
  for (const script of scripts) key.update(readFileSync(scriptPath(script)));
  return buildOnce(join(cacheRoot, 'dnf'), key.digest('hex').slice(0, 16), async (folder) => {
    await symlink(image.base, join(folder, 'base'));
    await runAside('build-tools.sh', [folder], { TOOLS: tools.join(' ') });
    await addRepositories(folder, packages);
  });
}

async function addRepositories(folder: string, { os, docker, dockerFolders }: RpmPackages): Promise<void> {
  const script = 'build-rpm-repositories.sh';
  const inRoot = join(folder, 'tools', 'srv');
  await mkdir(inRoot, { recursive: true });
  await copyFile(scriptPath(script), join(inRoot, script));
  await runAside('write-in-root.sh', [folder, `/srv/${script}`], {
    OS_PACKAGES: os.join(' '),
    DOCKER_PACKAGES: docker.join(' '),
    DOCKER_FOLDERS: dockerFolders.join(' '),
  });
}

/** Runs bash in a copy of the root that ends with it; the repository is its working directory. */
export async function runWithDnf(
  folder: string,
  script: string,
  size = '512m',
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const enter = ['sh', scriptPath('enter-dnf.sh'), folder, repositoryRoot, size];
  const child = spawn('setpriv', [...aside, '--net', ...enter], { stdio: 'pipe' });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (said.stdout += chunk));
  child.stderr.on('data', (chunk) => (said.stderr += chunk));
  child.stdin.end(script);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...said };
}
