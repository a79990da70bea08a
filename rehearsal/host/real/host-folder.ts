import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseImage } from '../../cache/ensure-base-image.ts';
import type { HostAddresses } from './addresses.ts';
import { copyDisk } from './copy-disk.ts';
import { runFolder } from './run-folder.ts';

/** All that a host has on this machine's disk. */
export interface HostFolder {
  /** Of its cgroups too, and its hostname; ends in the index that its link is named by. */
  readonly name: string;
  readonly path: string;
  readonly volume: string;
  /** Copied over the root file system at the first boot. */
  readonly seed: string;
  /** Names the volume that is attached, and its device. */
  readonly attached: string;
}

export async function createHostFolder(image: BaseImage, addresses: HostAddresses): Promise<HostFolder> {
  const name = `edgepaas-${process.pid}-${addresses.index}`;
  const path = join(runFolder(), name);
  for (const part of ['root', 'seed']) await mkdir(join(path, part), { recursive: true });
  await copyDisk(image.disk, join(path, 'disk.img'));
  await copyFile(join(import.meta.dirname, 'attach-volume.sh'), join(path, 'attach-volume.sh'));
  const file = (part: string) => join(path, part);
  return {
    name,
    path,
    volume: file('volume.img'),
    seed: file('seed'),
    attached: file('attached'),
  };
}
