import type { DeployedStack } from '../../rehearsal/assembly-types.ts';
import { deployResources } from '../../rehearsal/assembly/read-assembly.ts';
import { configWith, synthesize } from '../lib/synthesize.ts';
import { place } from './small-stack.ts';

/** The product's own stack, deployed, of two apps that workflows of two repositories push. */
export function pushStack(): DeployedStack {
  const [app] = configWith().apps;
  const template = synthesize({
    ...configWith(),
    apps: [
      { ...app!, repository: { name: 'web' }, github: [{ repository: 'acme/web' }] },
      {
        ...app!,
        name: 'api',
        repository: { name: 'api' },
        github: [{ repository: 'acme@12/api@345', branches: ['release/1.x'] }],
        slotPorts: { blue: 9080, green: 9081 },
        serverNames: ['api.example.com'],
      },
    ],
  });
  const resources = deployResources(template.toJSON(), {}, place);
  return { ...place, resources, assetFolder: (key) => key };
}

/** The one of a type whose logical id begins so. */
export function partOf({ resources }: DeployedStack, type: string, prefix: string) {
  const found = resources.filter((part) => part.type === type && part.logicalId.startsWith(prefix));
  if (found.length !== 1) throw new Error(`${found.length} resources of ${type} begin with ${prefix}`);
  return found[0]!;
}

export const pushRole = (stack: DeployedStack, app: string) =>
  partOf(stack, 'AWS::IAM::Role', `PushAccessRole${app}`).arn;
