import { runCommand } from './run-command.ts';

/** Of the holes in the image of a disk, the copy has none filled. */
export async function copyDisk(from: string, to: string): Promise<void> {
  await runCommand('cp', ['--sparse=auto', '--reflink=auto', from, to]);
}
