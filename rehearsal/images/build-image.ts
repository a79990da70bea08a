import { appPath, makeAppLayer } from './app-layer.ts';
import { makeBaseLayer, nodePath } from './base-layer.ts';
import { jsonBlob } from './blob.ts';
import { fastApiContainer, makeFastApiLayer, makePythonLayer } from './fastapi-layer.ts';
import type { Blob, Image, ImageSpec, Layer } from './image.ts';

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
const configMediaType = 'application/vnd.oci.image.config.v1+json';

/** How a container of an example starts. */
interface Container {
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly user?: string;
}

const nodeContainer: Container = { command: [nodePath, appPath] };

/** Builds an app image without a registry or Docker; the same spec gives the same digest. */
export async function buildImage(spec: ImageSpec): Promise<Image> {
  const layers = await makeLayers(spec);
  const config = jsonBlob(configMediaType, describeConfig(spec, layers));
  const manifest = jsonBlob(manifestMediaType, {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: describe(config),
    layers: layers.map(describe),
  });
  return { spec, digest: manifest.digest, manifest, blobs: [config, ...layers] };
}

async function makeLayers(spec: ImageSpec): Promise<Layer[]> {
  const fastapi = spec.app === 'fastapi';
  const app = await (fastapi ? makeFastApiLayer(spec) : makeAppLayer(spec));
  if (spec.base === 'empty') return [app];
  return [await (fastapi ? makePythonLayer() : makeBaseLayer()), app];
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

function describeContainer(spec: ImageSpec): object {
  const { buildVersion, environment = {} } = spec;
  const example: Container = spec.app === 'fastapi' ? fastApiContainer : nodeContainer;
  const { command = example.command } = spec;
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const variables = { PATH: path, BUILD_VERSION: buildVersion, ...example.environment, ...environment };
  return {
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...(example.entrypoint && { Entrypoint: example.entrypoint }),
    ...(command === 'none' ? {} : { Cmd: command }),
    ...(example.folder && { WorkingDir: example.folder }),
    ...(example.user && { User: example.user }),
    ExposedPorts: { '80/tcp': {} },
    StopSignal: 'SIGTERM',
    Labels: { 'org.opencontainers.image.version': buildVersion },
  };
}
