import type { DeployedStack } from '../assembly-types.ts';
import { list, optionalText } from './input.ts';
import type { PermissionCheck } from './service.ts';

type Input = Record<string, unknown>;

/** What IAM checks for an SSM action. Source: Service Authorization Reference, "AWS Systems Manager". */
export function ssmPermissions(
  action: string,
  input: Input,
  { region, account }: DeployedStack,
  tagsOf: (instanceId: string) => Readonly<Record<string, string>>,
): PermissionCheck[] {
  const arn = (rest: string) => `arn:aws:ssm:${region}:${account}:${rest}`;
  const check = (resource: string, context?: Record<string, string>) => [
    { action: `ssm:${action}`, resource, ...(context && { context }) },
  ];
  const parameter = (name: string) => arn(`parameter/${name.replace(/^\//, '')}`);
  const document = (name = '') => check(arn(`document/${name.replace(/^arn:[^/]+:document\//, '')}`));
  if (action === 'DescribeDocument') return document(optionalText(input, 'Name'));
  if (action === 'SendCommand')
    return [
      ...document(optionalText(input, 'DocumentName')),
      ...list(input, 'InstanceIds').flatMap((id) =>
        check(`arn:aws:ec2:${region}:${account}:instance/${id}`, tagContext(tagsOf(id))),
      ),
    ];
  if (action === 'GetParameter') return check(parameter(optionalText(input, 'Name') ?? ''));
  if (action === 'GetParametersByPath') return check(parameter(optionalText(input, 'Path') ?? ''));
  if (action === 'GetParameters') return list(input, 'Names').flatMap((name) => check(parameter(name)));
  return check(arn('*'));
}

const tagContext = (tags: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`ssm:resourceTag/${key}`, value],
      [`aws:ResourceTag/${key}`, value],
    ]),
  );
