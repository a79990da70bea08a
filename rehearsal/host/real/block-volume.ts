import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { BaseImage } from '../../cache/ensure-base-image.ts';
import { runTool } from '../../cache/tools.ts';
import { copyDisk } from './copy-disk.ts';
import type { VolumeOptions } from './host-options.ts';
import { runCommand } from './run-command.ts';

/** A loop device on a sparse file: what stands for an EBS volume. */
export interface BlockVolume {
  readonly options: VolumeOptions;
  readonly loop: number;
}

export async function createBlockVolume(
  file: string,
  options: VolumeOptions,
  image: BaseImage,
): Promise<BlockVolume> {
  if (image.volume) await copyDisk(image.volume, file);
  else await makeVolume(file, options, image.folder);
  const device = await runCommand('losetup', ['--find', '--show', file]);
  return { options, loop: Number(device.trim().replace('/dev/loop', '')) };
}

async function makeVolume(file: string, options: VolumeOptions, imageFolder: string): Promise<void> {
  const handle = await open(file, 'wx');
  await handle.truncate(options.sizeGiB * 2 ** 30);
  await handle.close();
  const mkfs = [`mkfs.${options.content}`, '-q', basename(file)];
  if (options.content !== 'blank') await runTool(imageFolder, dirname(file), mkfs);
}
