import type { DeployedStack } from '../../assembly-types.ts';
import { AwsError } from '../service.ts';

const known = ['Action', 'FunctionName', 'Principal', 'SourceAccount', 'SourceArn'];

/** Whether the stack's AWS::Lambda::Permission resources let a rule invoke a function; throws AccessDeniedException if not. */
export function checkInvokePermission(stack: DeployedStack, functionArn: string, ruleArn: string): void {
  const permissions = stack.resources.filter(({ type }) => type === 'AWS::Lambda::Permission');
  if (permissions.some(({ properties }) => allows(properties, functionArn, ruleArn, stack.account))) return;
  throw new AwsError(
    'AccessDeniedException',
    `no resource-based policy of ${functionArn} allows events.amazonaws.com to invoke it for ${ruleArn}`,
    403,
  );
}

function allows(
  properties: Readonly<Record<string, unknown>>,
  functionArn: string,
  ruleArn: string,
  account: string,
): boolean {
  const unknown = Object.keys(properties).find((name) => !known.includes(name));
  if (unknown) throw new Error(`the rehearsal does not know AWS::Lambda::Permission.${unknown}`);
  const { Action, FunctionName, Principal, SourceArn, SourceAccount } = properties;
  return (
    ['lambda:InvokeFunction', 'lambda:*'].includes(String(Action)) &&
    Principal === 'events.amazonaws.com' &&
    (FunctionName === functionArn || functionArn.endsWith(`:function:${String(FunctionName)}`)) &&
    (SourceArn === undefined || SourceArn === ruleArn) &&
    (SourceAccount === undefined || SourceAccount === account)
  );
}
