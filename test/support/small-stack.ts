import type { DeployedStack } from '../../rehearsal/assembly-types.ts';
import { deployResources } from '../../rehearsal/assembly/read-assembly.ts';
import type { Template, TemplateResource } from '../../rehearsal/assembly/read-manifest.ts';

export const place = { stackName: 'Small', account: '123456789012', region: 'eu-central-1' };

/** A stack of just these resources, deployed. */
export function smallStack(
  resources: Record<string, TemplateResource>,
  rest: Omit<Template, 'Resources'> = {},
): DeployedStack {
  return {
    ...place,
    resources: deployResources({ ...rest, Resources: resources }, {}, place),
    assetFolder: (key) => `/assets/${key}`,
  };
}

/** A role with one inline policy of these statements. */
export const role = (...statements: unknown[]): TemplateResource => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {},
    Policies: [{ PolicyName: 'inline', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});

export const allow = (Action: string | string[], Resource: unknown = '*', Condition?: unknown) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition !== undefined && { Condition }),
});

/** An SSM document with one step that runs these lines. */
export const document = (
  lines: string[],
  parameters: Record<string, unknown> = {},
  inputs: Record<string, unknown> = {},
): TemplateResource => ({
  Type: 'AWS::SSM::Document',
  Properties: {
    DocumentType: 'Command',
    Content: {
      schemaVersion: '2.2',
      parameters,
      mainSteps: [{ action: 'aws:runShellScript', name: 'step', inputs: { runCommand: lines, ...inputs } }],
    },
  },
});

/** A resource of the stack by its logical id. */
export function resource(stack: DeployedStack, logicalId: string) {
  const found = stack.resources.find((candidate) => candidate.logicalId === logicalId);
  if (!found) throw new Error(`no resource ${logicalId}`);
  return found;
}
