import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { composeScript } from '../../lib/compose-script.ts';
import { buildOnce } from '../cache/build-once.ts';
import { type BaseImage, ensureBaseImage } from '../cache/ensure-base-image.ts';
import { cacheRoot } from '../cache/folders.ts';
import { variants } from '../images/variants.ts';
import { password, registryName } from './aws-answers.ts';
import { PhaseHost, type PhaseHostOptions } from './phase-host.ts';
import { valuesOf } from './values.ts';

export const installPhases = ['mount-volume', 'install-docker', 'install-nginx'] as const;

const preparedRoot = join(cacheRoot, 'prepared');
/** What other recipes have made is removed then, as by now nobody uses it. */
const keptMilliseconds = 3_600_000;

/** A prepared host with all it needs around it, as `PhaseHost.create` gives a bare one. */
export async function createPreparedHost(options: PhaseHostOptions = {}): Promise<PhaseHost> {
  return PhaseHost.create({ image: await ensurePreparedImage(), ...options });
}

/** The disks of a host on which the phases that install have run: a copy of them is up in seconds. Made once by these scripts. */
export async function ensurePreparedImage(): Promise<BaseImage> {
  const image = await ensureBaseImage();
  const folder = await buildOnce(join(preparedRoot, keyOf(image)), 'disks', (aside) => prepare(image, aside));
  await removeOthers(join(folder, '..'));
  return { ...image, disk: join(folder, 'disk.img'), volume: join(folder, 'volume.img') };
}

function keyOf(image: BaseImage): string {
  const hash = createHash('sha256').update(image.folder).update(image.dockerKeyFingerprint);
  for (const phase of installPhases) hash.update(composeScript(phase));
  for (const file of ['prepared-host.ts', 'values.ts'])
    hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest('hex').slice(0, 16);
}

async function prepare(image: BaseImage, folder: string): Promise<void> {
  const phaseHost = await PhaseHost.create({ image });
  try {
    // Linux mounts no two copies of an XFS at once.
    const values = { ...valuesOf(phaseHost, 1), filesystem: 'ext4' };
    for (const phase of installPhases) await phaseHost.finish(phase, values);
    await phaseHost.shell('apt-get install -y -q postgresql-client; apt-get clean');
    await pullBase(phaseHost);
    await phaseHost.shell(
      'systemctl stop nginx docker.socket docker containerd; umount /mnt/docker-data; fstrim /',
    );
    await phaseHost.host.kill();
    await phaseHost.host.copyDisks(folder);
  } finally {
    await phaseHost.close();
  }
}

/** Nearly all of each release of the example app. */
async function pullBase(host: PhaseHost): Promise<void> {
  const { digest } = await host.push(variants.healthy('base'));
  await host.shell(`export DOCKER_CONFIG=/tmp/docker
    echo ${password} | docker login -u AWS --password-stdin ${registryName}
    docker pull -q ${registryName}/web@${digest}`);
}

async function removeOthers(own: string): Promise<void> {
  await utimes(own, new Date(), new Date());
  for (const name of await readdir(preparedRoot)) {
    const path = join(preparedRoot, name);
    const used = await stat(path).catch(() => undefined); // another process has removed it
    if (used?.isDirectory() && used.mtimeMs < Date.now() - keptMilliseconds && basename(own) !== name)
      await rm(path, { recursive: true, force: true });
  }
}
