import type { DeployedStack } from '../assembly-types.ts';
import type { RehearsalHost } from '../host/host.ts';
import { optionalText } from './input.ts';
import type { PermissionCheck } from './service.ts';

type Input = Record<string, unknown>;
type Tags = Readonly<Record<string, string>>;

/** AttachVolume is asked for both ends, each with its tags. Source: Service Authorization Reference, "Amazon EC2". */
export function ec2Permissions(
  action: string,
  input: Input,
  stack: DeployedStack,
  hosts: readonly RehearsalHost[],
  volumes: readonly { readonly volumeId: string; readonly tags: Tags }[],
): PermissionCheck[] {
  if (action !== 'AttachVolume') return [{ action: `ec2:${action}`, resource: '*' }];
  const check = (kind: string, id: string, tags: Tags): PermissionCheck => ({
    action: `ec2:${action}`,
    resource: `arn:aws:ec2:${stack.region}:${stack.account}:${kind}/${id}`,
    context: tagContext(tags),
  });
  const instanceId = optionalText(input, 'InstanceId') ?? '';
  const volumeId = optionalText(input, 'VolumeId') ?? '';
  return [
    check('instance', instanceId, hosts.find((host) => host.instanceId === instanceId)?.tags ?? {}),
    check('volume', volumeId, volumes.find((volume) => volume.volumeId === volumeId)?.tags ?? {}),
  ];
}

const tagContext = (tags: Tags) =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`ec2:ResourceTag/${key}`, value],
    ]),
  );
