import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { digestOf, memoryBlob } from './blob.ts';
import type { Layer } from './image.ts';

export const layerMediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** A file of a layer, or a directory where the path ends with a slash. */
export interface LayerEntry {
  /** Without a leading slash. */
  readonly path: string;
  readonly mode: number;
  readonly content?: Buffer;
}

/** Same entries, same digest: times and owners are left out. */
export async function makeLayer(entries: readonly LayerEntry[]): Promise<Layer> {
  const tar = await packTar(entries.map(toTarEntry));
  // Level 1: the time of a push matters here, the room it takes does not.
  const compressed = await promisify(gzip)(tar, { level: 1 });
  return { ...memoryBlob(layerMediaType, compressed), diffId: digestOf(tar) };
}

function toTarEntry({ path, mode, content }: LayerEntry): TarEntry {
  const type = path.endsWith('/') ? 'directory' : 'file';
  const header = { name: path, mode, mtime: new Date(0), uid: 0, gid: 0, type } as const;
  return content
    ? { header: { ...header, size: content.length }, body: content }
    : { header: { ...header, size: 0 } };
}
