import type { DeployedStack } from '../../assembly-types.ts';
import { refuseUnknown } from '../../assembly/refuse-unknown.ts';
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
  refuseUnknown(properties, known, 'AWS::Lambda::Permission');
  const { Action, FunctionName, Principal, SourceArn, SourceAccount } = properties;
  return (
    ['lambda:InvokeFunction', 'lambda:*'].includes(String(Action)) &&
    Principal === 'events.amazonaws.com' &&
    (FunctionName === functionArn || functionArn.endsWith(`:function:${String(FunctionName)}`)) &&
    (SourceArn === undefined || SourceArn === ruleArn) &&
    (SourceAccount === undefined || SourceAccount === account)
  );
}

interface QueueStatement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Principal?: { readonly Service?: string | readonly string[] };
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Whether a queue policy of the stack lets a rule send to a dead-letter queue. Denials are not evaluated. */
export function acceptsFrom({ resources }: DeployedStack, queueArn: string, ruleArn: string): boolean {
  const policies = resources.filter(({ type }) => type === 'AWS::SQS::QueuePolicy');
  const statements = policies.flatMap(({ properties }) => {
    const { Statement = [] } = (properties['PolicyDocument'] ?? {}) as { Statement?: QueueStatement[] };
    return Statement;
  });
  return statements.some((statement) => {
    const { Effect, Action, Principal, Resource, Condition = {} } = statement;
    const source = Condition['ArnEquals']?.['aws:SourceArn'];
    return (
      Effect === 'Allow' &&
      includes(Action, 'sqs:SendMessage') &&
      includes(Principal?.Service, 'events.amazonaws.com') &&
      includes(Resource, queueArn) &&
      (source === ruleArn || Object.keys(Condition).length === 0)
    );
  });
}

const includes = (given: string | readonly string[] | undefined, wanted: string) =>
  [given].flat().includes(wanted);
