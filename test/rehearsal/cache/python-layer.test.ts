import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { expect, it, onTestFinished } from 'vitest';
import { packTree } from '../../../rehearsal/cache/python-layer.ts';
import { digestOf } from '../../../rehearsal/images/blob.ts';

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-layer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it.runIf(process.platform === 'linux')(
  'packs the same files to the same layer, whenever they were made',
  async () => {
    const [tree, packed] = [createFolder(), createFolder()];
    mkdirSync(join(tree, 'etc'));
    writeFileSync(join(tree, 'etc/one'), 'one', { mode: 0o600 });
    const first = await packTree(tree, join(packed, 'first'));
    utimesSync(join(tree, 'etc/one'), 1, 2);
    const second = await packTree(tree, join(packed, 'second'));
    expect(second).toEqual(first);

    const content = readFileSync(join(packed, 'first'));
    expect(first).toMatchObject({ digest: digestOf(content), size: content.length });
    expect(first.diffId).toBe(digestOf(gunzipSync(content)));
    const entries = await unpackTar(gunzipSync(content));
    expect(entries.find(({ header }) => header.name === './etc/one')?.header.mode).toBe(0o600);
  },
);

it.runIf(process.platform === 'linux')('fails where a folder cannot be read', async () => {
  await expect(packTree(join(createFolder(), 'none'), join(createFolder(), 'layer'))).rejects.toThrow(
    'ended with 2',
  );
});
