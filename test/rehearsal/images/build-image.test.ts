import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { expect, it } from 'vitest';
import { digestOf } from '../../../rehearsal/images/blob.ts';
import { buildImage } from '../../../rehearsal/images/build-image.ts';
import type { Image, ImageSpec } from '../../../rehearsal/images/image.ts';
import { variants } from '../../../rehearsal/images/variants.ts';

interface Config {
  readonly architecture: string;
  readonly config: { readonly Env: string[]; readonly Cmd?: string[]; readonly StopSignal: string };
  readonly rootfs: { readonly diff_ids: string[] };
}

const build = (spec: ImageSpec) => buildImage({ base: 'empty', ...spec });

async function readConfig({ blobs }: Image): Promise<Config> {
  return JSON.parse((await blobs[0]!.read()).toString()) as Config;
}

async function listLayer({ blobs }: Image, index: number): Promise<Map<string, number>> {
  const entries = await unpackTar(gunzipSync(await blobs[1 + index]!.read()));
  return new Map(entries.map(({ header }) => [header.name, header.size]));
}

it('gives the same digest for the same release, and another for another', async () => {
  const [one, again, other] = await Promise.all(
    ['v1', 'v1', 'v2'].map((buildVersion) => build({ buildVersion })),
  );
  expect(one!.digest).toBe(again!.digest);
  expect(one!.digest).not.toBe(other!.digest);
});

it('describes every blob by its true digest and size, and layers by their content', async () => {
  const image = await build({ buildVersion: 'v1' });
  for (const blob of [image.manifest, ...image.blobs]) {
    const content = await blob.read();
    expect(blob).toMatchObject({ digest: digestOf(content), size: content.length });
  }
  const { rootfs } = await readConfig(image);
  expect(rootfs.diff_ids).toEqual([digestOf(gunzipSync(await image.blobs[1]!.read()))]);
});

it('tells the app its release and what to rehearse, and how it is started and stopped', async () => {
  const { config } = await readConfig(await build(variants.diesUnderTraffic('v4', 1500)));
  expect(config.Env).toEqual(expect.arrayContaining(['BUILD_VERSION=v4', 'DIE_AFTER_FIRST_REQUEST_MS=1500']));
  expect(config).toMatchObject({ Cmd: ['/usr/local/bin/node', '/app/server.cjs'], StopSignal: 'SIGTERM' });
});

it('adds as many bytes to a layer as asked for, which no compression makes fewer', async () => {
  const [one, other] = await Promise.all(
    ['v1', 'v2'].map((version) => build(variants.healthy(version, 1_000_000))),
  );
  expect((await listLayer(one!, 0)).get('app/ballast.bin')).toBe(1_000_000);
  expect(one!.blobs[1]!.size).toBeGreaterThan(1_000_000);
  expect(one!.blobs[1]!.digest).not.toBe(other!.blobs[1]!.digest);
});

it('labels another architecture, and leaves out or breaks the command', async () => {
  expect(await readConfig(await build(variants.labelled('v5', 'arm64')))).toMatchObject({
    architecture: 'arm64',
  });
  const { config } = await readConfig(await build(variants.notRunnable('v6')));
  expect(config.Cmd).toEqual(['/does/not/exist']);
  expect((await readConfig(await build(variants.withoutCommand('v7')))).config.Cmd).toBeUndefined();
});

it.runIf(process.platform === 'linux')(
  'shares the layer with Node between releases, and makes it once',
  async () => {
    const first = await buildImage({ buildVersion: 'v1' });
    const second = await buildImage({ buildVersion: 'v2' });
    expect(second.blobs[1]).toMatchObject({ digest: first.blobs[1]!.digest, size: first.blobs[1]!.size });
    expect(digestOf(await second.blobs[1]!.read())).toBe(first.blobs[1]!.digest);
    const files = [...(await listLayer(second, 0)).keys()];
    expect(files).toEqual(
      expect.arrayContaining(['usr/local/bin/node', 'tmp/', expect.stringMatching(/libc\.|musl/)]),
    );
  },
);
