import { createCipheriv, createHash } from 'node:crypto';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { ImageSpec, Layer } from './image.ts';
import { makeLayer, type LayerEntry } from './layer.ts';

const appEntry = join(import.meta.dirname, '..', '..', 'examples/node-app/src/main.ts');
export const appPath = '/app/server.cjs';

let bundle: Promise<Buffer> | undefined;

export async function makeAppLayer(spec: ImageSpec): Promise<Layer> {
  bundle ??= bundleApp();
  const app = { path: appPath.slice(1), mode: 0o644, content: await bundle };
  const { extraBytes, emptyBytes } = spec;
  return makeLayer([
    app,
    ...(extraBytes ? [ballast(spec.buildVersion, extraBytes)] : []),
    ...(emptyBytes ? [{ path: 'app/empty.bin', mode: 0o644, content: Buffer.alloc(emptyBytes) }] : []),
  ]);
}

/** As `npm run build` of the example does it. */
export async function bundleApp(): Promise<Buffer> {
  const options = { bundle: true, minify: true, platform: 'node', target: 'node20', write: false } as const;
  const { outputFiles } = await build({ entryPoints: [appEntry], ...options });
  return Buffer.from(outputFiles[0]!.contents);
}

/** The same for the same seed, and random to a compressor. */
export function ballast(seed: string, bytes: number): LayerEntry {
  const key = createHash('sha256').update(seed).digest();
  const content = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
  return { path: 'app/ballast.bin', mode: 0o644, content };
}
