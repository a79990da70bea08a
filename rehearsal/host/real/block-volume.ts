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

export async function createBlockVolume(file: string, options: VolumeOptions, imageFolder: string): Promise<BlockVolume> {
  const handle = await open(file, 'wx');
  await handle.truncate(options.sizeGiB * 2 ** 30);
  await handle.close();
  if (options.content !== 'blank') await makeFilesystem(file, options.content, imageFolder);
  const device = await runCommand('losetup', ['--find', '--show', file]);
  return { options, loop: Number(device.trim().replace('/dev/loop', '')) };
}

async function makeFilesystem(file: string, type: 'ext4' | 'xfs', imageFolder: string): Promise<void> {
  await runTool(imageFolder, dirname(file), [`mkfs.${type}`, '-q', `./${basename(file)}`]);
}

/** By file and not by number, so that this also finds what a crashed run left. */
export async function detachLoopDevices(file: string): Promise<void> {
  const listed = await runCommand('losetup', ['--noheadings', '--output', 'NAME', '--associated', file]).catch(() => '');
  for (const device of listed.split('\n').filter(Boolean)) await runCommand('losetup', ['--detach', device.trim()]);
}
