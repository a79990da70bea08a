import { copyFile, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseImage } from '../../cache/ensure-base-image.ts';
import { runsRoot } from '../../cache/folders.ts';
import type { HostAddresses } from './addresses.ts';

/** All that a host has on this machine's disk. */
export interface HostFolder {
  /** Also the name of its cgroups, and its hostname. */
  readonly name: string;
  readonly path: string;
  readonly volume: string;
  /** Copied over the root file system at each boot. */
  readonly seed: string;
  readonly attached: string;
}

export async function createHostFolder(image: BaseImage, addresses: HostAddresses): Promise<HostFolder> {
  const name = `edgepaas-${process.pid}-${addresses.index}`;
  const path = join(runsRoot, String(process.pid), name);
  for (const part of ['root', 'disk', 'seed']) await mkdir(join(path, part), { recursive: true });
  await symlink(image.base, join(path, 'base'));
  await copyFile(join(import.meta.dirname, 'attach-volume.sh'), join(path, 'attach-volume.sh'));
  return { name, path, volume: join(path, 'volume.img'), seed: join(path, 'seed'), attached: join(path, 'attached') };
}
