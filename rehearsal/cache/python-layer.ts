import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

export interface PackedTree {
  readonly digest: string;
  readonly size: number;
  /** Digest of the tar before compression. */
  readonly diffId: string;
}

/** A folder as a layer: owners and modes as they are, names sorted, times left out, so that the same files give the same digest. */
export async function packTree(folder: string, target: string, signal?: AbortSignal): Promise<PackedTree> {
  const reproducible = ['--sort=name', '--mtime=@0', '--numeric-owner', '--format=gnu'];
  const tar = spawn('tar', [...reproducible, '-C', folder, '-cf', '-', '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(tar, 'exit');
  const complaint = text(tar.stderr);
  const [plain, packed] = [measure(), measure()];
  // Level 1: the time of a build matters here, the room it takes does not.
  const compress = createGzip({ level: 1 });
  await pipeline(tar.stdout, plain.stream, compress, packed.stream, createWriteStream(target), { signal });
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`tar of ${folder} ended with ${code}: ${await complaint}`);
  return { digest: packed.digest(), size: packed.size(), diffId: plain.digest() };
}

function measure() {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, size: () => bytes, digest: () => `sha256:${hash.digest('hex')}` };
}
