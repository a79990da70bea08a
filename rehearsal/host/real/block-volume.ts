import { open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { runTool } from '../../cache/tools.ts';
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
  imageFolder: string,
): Promise<BlockVolume> {
  await createDiskFile(file, options.sizeGiB * 1024, options.content, imageFolder);
  const device = await runCommand('losetup', ['--find', '--show', file]);
  return { options, loop: Number(device.trim().replace('/dev/loop', '')) };
}

/** A sparse file, with a filesystem on it or with nothing. */
export async function createDiskFile(
  file: string,
  sizeMiB: number,
  content: VolumeOptions['content'],
  imageFolder: string,
): Promise<void> {
  const handle = await open(file, 'wx');
  await handle.truncate(sizeMiB * 2 ** 20);
  await handle.close();
  if (content !== 'blank')
    await runTool(imageFolder, dirname(file), [`mkfs.${content}`, '-q', basename(file)]);
}
