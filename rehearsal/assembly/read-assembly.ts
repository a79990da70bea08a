import type { DeployedResource, DeployedStack } from '../assembly-types.ts';
import { resolve } from './intrinsics.ts';
import { readManifest, type Template, type TemplateResource } from './read-manifest.ts';
import type { Place } from './resource-identity.ts';
import { TemplateScope } from './template-scope.ts';

export interface DeployOptions {
  /** Values for the stack's parameters; the template's default for the rest. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly account: string;
  readonly region: string;
}

/** Resolves a synthesized stack as CloudFormation would when it deploys it. Throws for what the rehearsal does not know. */
export function deployAssembly(folder: string, options: DeployOptions): DeployedStack {
  const { stackName, template, assets } = readManifest(folder);
  const place = { stackName, account: options.account, region: options.region };
  refuseUnknownSections(template);
  refuseUnknownParameters(template, options.parameters ?? {});
  return {
    ...place,
    resources: deployResources(template, options.parameters ?? {}, place),
    assetFolder(s3Key) {
      const asset = assets.get(s3Key);
      if (!asset) throw new Error(`the assembly has no asset ${s3Key}`);
      return asset;
    },
  };
}

/** All resources whose condition holds, in the template's order. */
export function deployResources(
  template: Template,
  parameters: Readonly<Record<string, string>>,
  place: Place,
): DeployedResource[] {
  const scope = new TemplateScope(template, parameters, place);
  return Object.entries(template.Resources ?? {})
    .filter(([, { Condition }]) => Condition === undefined || scope.condition(Condition))
    .map(([logicalId, resource]) => deployResource(logicalId, resource, scope));
}

function deployResource(
  logicalId: string,
  resource: TemplateResource,
  scope: TemplateScope,
): DeployedResource {
  try {
    const identity = scope.findIdentity(logicalId, resource);
    return {
      logicalId,
      type: resource.Type,
      properties: resolve(resource.Properties ?? {}, scope) as Record<string, unknown>,
      ref: identity?.ref ?? logicalId,
      arn: identity?.arn ?? '',
      metadata: resource.Metadata ?? {},
    };
  } catch (cause) {
    throw new Error(`${logicalId} (${resource.Type}): ${(cause as Error).message}`, { cause });
  }
}

const knownSections = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Conditions',
  'Mappings',
  'Rules',
  'Resources',
  'Outputs',
];

function refuseUnknownSections(template: Template): void {
  const unknown = Object.keys(template).filter((section) => !knownSections.includes(section));
  if (unknown.length > 0)
    throw new Error(`the rehearsal does not know the template section ${unknown.join(', ')}`);
  const rules = Object.keys(template.Rules ?? {}).filter((rule) => rule !== 'CheckBootstrapVersion');
  if (rules.length > 0)
    throw new Error(`the rehearsal does not evaluate the template rule ${rules.join(', ')}`);
}

function refuseUnknownParameters(template: Template, given: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(given).filter((name) => !(name in (template.Parameters ?? {})));
  if (unknown.length > 0) throw new Error(`the stack has no parameter ${unknown.join(', ')}`);
}
