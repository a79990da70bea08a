import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findDebootstrap } from './debootstrap.ts';
import type { Progress } from './ensure-base-image.ts';
import { makeDisk, packages, release, scriptPath, tools } from './recipe.ts';
import { runAside } from './run-aside.ts';
import { runTool } from './tools.ts';

/** With `signal` it ends early and rejects; the folder is then half built. */
export async function buildImage(
  folder: string,
  mirror: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const run = (script: string, args: readonly string[], variables: Record<string, string>) =>
    runAside(script, args, variables, signal);
  progress(`Fetching a bare Debian ${release} for the rehearsal host (once)`);
  const debootstrap = await findDebootstrap(folder);
  await run('build-base.sh', [join(folder, 'base')], {
    RELEASE: release,
    MIRROR: mirror,
    ...debootstrap,
  });

  progress('Fetching the packages that a deployment installs on it (once)');
  await Promise.all([
    run('build-tools.sh', [folder], { TOOLS: tools.join(' ') }),
    run('download-packages.sh', [folder], { PACKAGES: packages.join(' ') }),
  ]);
  signal?.throwIfAborted();
  await Promise.all([makeRepositories(folder), runTool(folder, folder, makeDisk)]);
  await Promise.all(
    ['download', 'work', 'debootstrap'].map((name) =>
      rm(join(folder, name), { recursive: true, force: true }),
    ),
  );
}

/** With the programs of the tools layer, so that the machine needs neither gpg nor apt's index maker. */
async function makeRepositories(folder: string): Promise<void> {
  const apt = join(folder, 'apt');
  for (const script of ['repackage-docker.sh', 'sign-repositories.sh']) {
    await copyFile(scriptPath(script), join(apt, script));
    await runTool(folder, apt, ['env', `RELEASE=${release}`, 'bash', script]);
    await rm(join(apt, script));
  }
}
