import { appPath, makeAppLayer } from './app-layer.ts';
import { makeBaseLayer, nodePath } from './base-layer.ts';
import { jsonBlob } from './blob.ts';
import type { Blob, Image, ImageSpec, Layer } from './image.ts';

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
const configMediaType = 'application/vnd.oci.image.config.v1+json';

/** Builds an app image without a registry or Docker; the same spec gives the same digest. */
export async function buildImage(spec: ImageSpec): Promise<Image> {
  const app = await makeAppLayer(spec);
  const layers = spec.base === 'empty' ? [app] : [await makeBaseLayer(), app];
  const config = jsonBlob(configMediaType, describeConfig(spec, layers));
  const manifest = jsonBlob(manifestMediaType, {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: describe(config),
    layers: layers.map(describe),
  });
  return { spec, digest: manifest.digest, manifest, blobs: [config, ...layers] };
}

/** https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export function describe({ mediaType, digest, size }: Blob): Pick<Blob, 'mediaType' | 'digest' | 'size'> {
  return { mediaType, digest, size };
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md */
function describeConfig(spec: ImageSpec, layers: readonly Layer[]): object {
  return {
    created: '2024-01-01T00:00:00Z',
    architecture: spec.architecture ?? (process.arch === 'arm64' ? 'arm64' : 'amd64'),
    os: 'linux',
    config: describeContainer(spec),
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
  };
}

function describeContainer({
  buildVersion,
  command = [nodePath, appPath],
  environment = {},
}: ImageSpec): object {
  const variables = { PATH: '/usr/local/bin:/usr/bin:/bin', BUILD_VERSION: buildVersion, ...environment };
  return {
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...(command === 'none' ? {} : { Cmd: command }),
    ExposedPorts: { '80/tcp': {} },
    StopSignal: 'SIGTERM',
    Labels: { 'org.opencontainers.image.version': buildVersion },
  };
}
