import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A CloudFormation template as JSON. */
export interface Template {
  readonly Parameters?: Record<string, TemplateParameter>;
  readonly Conditions?: Record<string, unknown>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  readonly Rules?: Record<string, unknown>;
  readonly Resources?: Record<string, TemplateResource>;
  readonly Outputs?: Record<string, { readonly Value: unknown; readonly Condition?: string }>;
}

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedPattern?: string;
  readonly AllowedValues?: readonly unknown[];
  readonly NoEcho?: boolean;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly Metadata?: Record<string, unknown>;
  readonly Condition?: string;
}

/** A stack of a cloud assembly: its template and where its file assets are, by S3 object key. */
export interface StackAssembly {
  readonly stackName: string;
  readonly template: Template;
  readonly assets: ReadonlyMap<string, string>;
}

interface Manifest {
  readonly artifacts: Record<string, { type: string; properties?: Record<string, string> }>;
}

interface AssetManifest {
  readonly files: Record<
    string,
    { source: { path: string }; destinations: Record<string, { objectKey: string }> }
  >;
}

/** Reads the one stack of a `cdk synth` output folder. */
export function readManifest(folder: string): StackAssembly {
  const path = join(folder, 'manifest.json');
  if (!existsSync(path)) throw new Error(`${path} is missing: run "npm run synth" first`);
  const { artifacts } = readJson<Manifest>(path);
  const stacks = Object.entries(artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  const [first] = stacks;
  if (!first || stacks.length > 1) throw new Error(`${path} has ${stacks.length} stacks: expected one`);
  const [id, { properties }] = first;
  return {
    stackName: properties?.stackName ?? id,
    template: readJson<Template>(join(folder, properties?.templateFile ?? `${id}.template.json`)),
    assets: readAssets(folder, artifacts),
  };
}

function readAssets(folder: string, artifacts: Manifest['artifacts']): Map<string, string> {
  const assets = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type !== 'cdk:asset-manifest' || !properties?.file) continue;
    const { files } = readJson<AssetManifest>(join(folder, properties.file));
    for (const { source, destinations } of Object.values(files))
      for (const { objectKey } of Object.values(destinations))
        assets.set(objectKey, join(folder, source.path));
  }
  return assets;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
