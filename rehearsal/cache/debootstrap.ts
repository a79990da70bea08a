import { join } from 'node:path';
import { runCommand } from '../host/real/run-command.ts';
import { repositoryRoot } from './folders.ts';

/** Where debootstrap is: the machine's own, or else one unpacked into the image's folder and not installed. */
export async function findDebootstrap(folder: string): Promise<Record<string, string>> {
  const own = await runCommand('sh', ['-c', 'command -v debootstrap']).catch(() => '');
  return own ? { DEBOOTSTRAP: own.trim() } : unpackDebootstrap(join(folder, 'debootstrap'));
}

async function unpackDebootstrap(folder: string): Promise<Record<string, string>> {
  const script = join(repositoryRoot, 'scripts', 'unpack-package.sh');
  await runCommand('sh', [script, 'debootstrap', folder]);
  const share = join(folder, 'usr/share/debootstrap');
  return { DEBOOTSTRAP: join(folder, 'usr/sbin/debootstrap'), DEBOOTSTRAP_DIR: share };
}
