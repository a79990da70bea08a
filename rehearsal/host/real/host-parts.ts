import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { BaseImage } from '../../cache/ensure-base-image.ts';
import { claimAddresses, type HostAddresses } from './addresses.ts';
import { createBlockVolume, type BlockVolume } from './block-volume.ts';
import { createHostFolder, type HostFolder } from './host-folder.ts';
import type { RealHostOptions } from './host-options.ts';
import { startMetadataService, type MetadataService } from './metadata-service.ts';
import { writeSeed } from './seed.ts';

/** What a host has on this machine whether it is up or down. */
export interface HostParts {
  readonly addresses: HostAddresses;
  readonly folder: HostFolder;
  readonly metadata: MetadataService;
  readonly volume: BlockVolume | undefined;
  remove(): Promise<void>;
}

export async function createHostParts(image: BaseImage, options: RealHostOptions): Promise<HostParts> {
  const addresses = await claimAddresses();
  const folder = await createHostFolder(image, addresses);
  const remover = startRemover(folder);
  const metadata = await startMetadataService(options);
  const remove = () => removeParts(addresses, metadata, remover);
  try {
    const volume = options.volume && (await createBlockVolume(folder.volume, options.volume, image));
    await writeSeed(folder.seed, folder.name, options, addresses, image);
    return { addresses, folder, metadata, volume, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Waits on its stdin, so that it also starts when this process is killed; detached, to survive a Ctrl-C. */
function startRemover(folder: HostFolder): ChildProcess {
  const args = [join(import.meta.dirname, 'remove-host.sh'), folder.name, folder.path];
  return spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

async function removeParts(
  addresses: HostAddresses,
  metadata: MetadataService,
  remover: ChildProcess,
): Promise<void> {
  metadata.close();
  const removed = once(remover, 'exit');
  remover.stdin?.end();
  await removed;
  addresses.release();
}
