import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildImage } from '../../../rehearsal/images/build-image.ts';
import type { Image } from '../../../rehearsal/images/image.ts';

const root = process.platform === 'linux' && process.getuid?.() === 0;
const reason = root ? '' : ' (skipped: chroot needs root on Linux)';

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-image-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function unpack(image: Image, folder: string): Promise<void> {
  for (const layer of image.blobs.slice(1)) {
    for (const { header, data } of await unpackTar(gunzipSync(await layer.read()))) {
      const path = join(folder, header.name);
      mkdirSync(header.type === 'directory' ? path : dirname(path), { recursive: true });
      if (data) writeFileSync(path, data, { mode: header.mode });
    }
  }
}

describe.skipIf(!root)(`the image's root file system${reason}`, () => {
  it('holds all that the app needs to run', async () => {
    const folder = createFolder();
    await unpack(await buildImage({ buildVersion: 'v1' }), folder);
    const env = { BUILD_VERSION: 'v1', CONTAINER_PORT: '0', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    const app = spawn('chroot', [folder, '/usr/local/bin/node', '/app/server.cjs'], { env });
    onTestFinished(() => void app.kill('SIGKILL'));
    const [line] = (await once(createInterface({ input: app.stdout }), 'line')) as [string];
    expect(JSON.parse(line)).toMatchObject({ event: 'listening', buildVersion: 'v1' });
    const exited = once(app, 'exit');
    app.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
