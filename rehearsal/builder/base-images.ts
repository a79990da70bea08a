import { readFile } from 'node:fs/promises';
import type { BaseImage, Progress } from '../cache/ensure-base-image.ts';
import { ensureNodeTools } from '../cache/node-tools.ts';
import { makeBaseLayer } from '../images/base-layer.ts';
import { jsonBlob } from '../images/blob.ts';
import { describe } from '../images/build-image.ts';
import { makePythonLayer } from '../images/fastapi-layer.ts';
import type { Image, Layer } from '../images/image.ts';
import { layerMediaType } from '../images/layer.ts';
import { pushImage } from '../images/push-image.ts';

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What the builder's images begin with, by repository: where a person would take node:22-alpine and python:3.11-slim-bookworm. */
export const baseImages = { node: 'library/node', python: 'library/python' } as const;
export const baseTag = 'rehearsal';

/** Puts them into a registry. */
export async function publishBaseImages(
  registry: string,
  builder: BaseImage,
  progress?: Progress,
  signal?: AbortSignal,
): Promise<void> {
  const layers = {
    node: [await makeBaseLayer(), await makeNodeTools(builder, progress, signal)],
    python: [await makePythonLayer()],
  };
  await Promise.all(
    Object.entries(baseImages).map(([name, repository]) =>
      pushImage({
        image: makeImage(layers[name as keyof typeof layers]),
        registry,
        repository,
        tag: baseTag,
      }),
    ),
  );
}

async function makeNodeTools(...asked: Parameters<typeof ensureNodeTools>): Promise<Layer> {
  const { path: file, ...facts } = await ensureNodeTools(...asked);
  return { mediaType: layerMediaType, ...facts, read: () => readFile(file) };
}

function makeImage(layers: readonly Layer[]): Image {
  const config = jsonBlob('application/vnd.oci.image.config.v1+json', {
    created: '2024-01-01T00:00:00Z',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Env: [path] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = jsonBlob(manifestMediaType, {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: describe(config),
    layers: layers.map(describe),
  });
  return { spec: { buildVersion: baseTag }, digest: manifest.digest, manifest, blobs: [config, ...layers] };
}
