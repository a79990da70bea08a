import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { repositoryRoot } from '../cache/folders.ts';
import { ensurePythonRoot } from '../cache/python-root.ts';
import { ballast } from './app-layer.ts';
import type { ImageSpec, Layer } from './image.ts';
import { layerMediaType, makeLayer, type LayerEntry } from './layer.ts';

const example = join(repositoryRoot, 'examples', 'fastapi-alembic');
/** What its Dockerfile copies to /app. */
const copied = ['alembic.ini', 'entrypoint.sh', 'migrations', 'app'];

export const fastApiContainer = {
  entrypoint: ['/app/entrypoint.sh'],
  command: ['python3', '-m', 'app.serve'],
  environment: { LC_ALL: 'C.UTF-8', PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
  folder: '/app',
  user: '10001:10001',
};

/** Debian's Python and the example's packages (60 MB compressed), made once and kept in the cache. Needs root. */
export async function makePythonLayer(): Promise<Layer> {
  const { path, ...facts } = (await ensurePythonRoot()).layer;
  return { mediaType: layerMediaType, ...facts, read: () => readFile(path) };
}

/** The example at /app, as its Dockerfile puts it there, with the files of this release. */
export function makeFastApiLayer(spec: ImageSpec): Promise<Layer> {
  const files = new Map(copied.flatMap(listFiles).map((path) => [path, readExample(path)]));
  for (const [path, text] of Object.entries(spec.files ?? {})) {
    files.set(path, { path: `app/${path}`, mode: 0o644, content: Buffer.from(text) });
  }
  const extra = spec.extraBytes ? [ballast(spec.buildVersion, spec.extraBytes)] : [];
  return makeLayer([...foldersOf([...files.keys()]), ...files.values(), ...extra]);
}

function listFiles(path: string): string[] {
  if (!statSync(join(example, path)).isDirectory()) return [path];
  const names = readdirSync(join(example, path)).filter((name) => name !== '__pycache__');
  return names.sort().flatMap((name) => listFiles(`${path}/${name}`));
}

function readExample(path: string): LayerEntry {
  const mode = path.endsWith('.sh') ? 0o755 : 0o644;
  return { path: `app/${path}`, mode, content: readFileSync(join(example, path)) };
}

function foldersOf(paths: readonly string[]): LayerEntry[] {
  const folders = new Set(['app/']);
  for (const path of paths) {
    const parts = path.split('/').slice(0, -1);
    parts.forEach((_, index) => folders.add(`app/${parts.slice(0, index + 1).join('/')}/`));
  }
  return [...folders].sort().map((path) => ({ path, mode: 0o755 }));
}
