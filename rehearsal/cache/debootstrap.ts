import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/real/run-command.ts';

/** Where debootstrap is: the machine's own, or else one unpacked into the image's folder and not installed. */
export async function findDebootstrap(folder: string): Promise<Record<string, string>> {
  const own = await runCommand('sh', ['-c', 'command -v debootstrap']).catch(() => '');
  return own ? { DEBOOTSTRAP: own.trim() } : unpackDebootstrap(join(folder, 'debootstrap'));
}

async function unpackDebootstrap(folder: string): Promise<Record<string, string>> {
  await mkdir(folder);
  await downloadDebootstrap(folder);
  const [archive = ''] = await readdir(folder);
  await runCommand('dpkg-deb', ['-x', archive, '.'], { cwd: folder });
  const share = join(folder, 'usr/share/debootstrap');
  return { DEBOOTSTRAP: join(folder, 'usr/sbin/debootstrap'), DEBOOTSTRAP_DIR: share };
}

/** With package lists of its own where the machine has none yet, as in a fresh container. */
async function downloadDebootstrap(folder: string): Promise<void> {
  const get = ['-q', '-o', 'APT::Sandbox::User=root', 'download', 'debootstrap'];
  await runCommand('apt-get', get, { cwd: folder }).catch(async () => {
    await runCommand('apt-get', ['-q', 'update']);
    await runCommand('apt-get', get, { cwd: folder });
  });
}
