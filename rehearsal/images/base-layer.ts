import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheRoot } from '../cache/folders.ts';
import type { Layer } from './image.ts';
import { layerMediaType, makeLayer, type LayerEntry } from './layer.ts';

export const nodePath = '/usr/local/bin/node';

const folder = join(cacheRoot, 'app-images');
const skeleton: readonly LayerEntry[] = [
  { path: 'tmp/', mode: 0o1777 },
  { path: 'etc/passwd', mode: 0o644, content: Buffer.from('root:x:0:0:root:/:/sbin/nologin\n') },
];

type Source = readonly [target: string, source: string];

/** This machine's Node and the shared libraries it needs (105 MB), made once and kept in the cache. */
export async function makeBaseLayer(): Promise<Layer> {
  const sources = await findSources();
  const path = join(folder, `base-${await describe(sources)}`);
  return (await readCached(path)) ?? (await keep(path, await pack(sources)));
}

async function findSources(): Promise<Source[]> {
  const { stdout } = await promisify(execFile)('ldd', [process.execPath]);
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map((match): Source => [match[1]!, match[1]!]);
  return [[nodePath, process.execPath], ...libraries];
}

/** The cache's key: other files, another base. Reading all of them to know would cost more than the rest of a build. */
async function describe(sources: readonly Source[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(skeleton));
  for (const [target, source] of sources) {
    const { size, mtimeMs } = await stat(source);
    hash.update(JSON.stringify([target, source, size, mtimeMs]));
  }
  return hash.digest('hex').slice(0, 16);
}

async function pack(sources: readonly Source[]): Promise<Layer> {
  const files = sources.map(async ([target, source]) => {
    return { path: target.slice(1), mode: 0o755, content: await readFile(source) };
  });
  return makeLayer([...skeleton, ...(await Promise.all(files))]);
}

async function readCached(path: string): Promise<Layer | undefined> {
  try {
    const facts = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Omit<Layer, 'read'>;
    return { ...facts, read: () => readFile(`${path}.tar.gz`) };
  } catch {
    return undefined; // not made yet
  }
}

/** The description comes last, so that half a layer is never found. */
async function keep(path: string, layer: Layer): Promise<Layer> {
  const { digest, size, diffId } = layer;
  await mkdir(folder, { recursive: true });
  await writeWhole(`${path}.tar.gz`, await layer.read());
  await writeWhole(`${path}.json`, JSON.stringify({ mediaType: layerMediaType, digest, size, diffId }));
  return layer;
}

async function writeWhole(path: string, content: Buffer | string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  await writeFile(aside, content);
  await rename(aside, path);
}
