import type { DeployedResource, DeployedStack } from '../assembly-types.ts';
import { decide, readPolicy, type Statement } from './iam-policy.ts';
import { AwsError, type PermissionCheck } from './service.ts';
import { person } from './wire-credentials.ts';

export interface Authorizer {
  /** Throws AccessDeniedException, in AWS's words, for the first permission that the principal lacks. */
  authorize(principal: string, checks: readonly PermissionCheck[]): void;
}

/** A role that the stack does not make, such as that of a host which was there before. */
export interface ExistingRole {
  readonly arn: string;
  /** Managed policies of the stack or of AWS. */
  readonly managedPolicyArns: readonly string[];
}

/** Evaluates the policies of the stack's roles. Throws at once for what it cannot evaluate. */
export function createAuthorizer(stack: DeployedStack, existing: readonly ExistingRole[] = []): Authorizer {
  const statements = new Map<string, readonly Statement[]>([
    ...ofType(stack, 'AWS::IAM::Role').map((role) => [role.arn, roleStatements(stack, role)] as const),
    ...existing.map(
      (role) => [role.arn, role.managedPolicyArns.flatMap((arn) => managed(stack, arn))] as const,
    ),
  ]);
  return {
    authorize(principal, checks) {
      if (principal === person) return;
      for (const check of checks) {
        const decision = decide(statements.get(principal) ?? [], check);
        if (decision !== 'allowed') throw deny(principal, check, decision);
      }
    },
  };
}

function roleStatements(stack: DeployedStack, role: DeployedResource): Statement[] {
  const inline = (role.properties.Policies ?? []) as { PolicyName: string; PolicyDocument: unknown }[];
  const arns = (role.properties.ManagedPolicyArns ?? []) as string[];
  if (role.properties.PermissionsBoundary !== undefined)
    throw new Error(`${role.logicalId}: the rehearsal does not evaluate permissions boundaries`);
  return [
    ...inline.flatMap(({ PolicyName, PolicyDocument }) =>
      readPolicy(PolicyDocument, `${role.logicalId}/${PolicyName}`),
    ),
    ...arns.flatMap((arn) => managed(stack, arn)),
    ...attachedTo(stack, role.ref),
  ];
}

/** AWS::IAM::Policy, and AWS::IAM::ManagedPolicy by its own list, name the roles they are attached to. */
function attachedTo(stack: DeployedStack, roleName: string): Statement[] {
  return [...ofType(stack, 'AWS::IAM::Policy'), ...ofType(stack, 'AWS::IAM::ManagedPolicy')]
    .filter(({ properties }) => ((properties.Roles ?? []) as string[]).includes(roleName))
    .flatMap(({ properties, logicalId }) => readPolicy(properties.PolicyDocument, logicalId));
}

function managed(stack: DeployedStack, arn: string): Statement[] {
  const own = ofType(stack, 'AWS::IAM::ManagedPolicy').find((policy) => policy.arn === arn);
  if (own) return readPolicy(own.properties.PolicyDocument, own.logicalId);
  const actions = awsManaged[arn.replace('arn:aws:iam::aws:policy/', '')];
  if (!actions) throw new Error(`the rehearsal does not know the managed policy ${arn}`);
  return [{ effect: 'Allow', actions, resources: ['*'], conditions: {} }];
}

/** Source: AWS managed policy reference guide. */
const awsManaged: Readonly<Record<string, readonly string[]>> = {
  'service-role/AWSLambdaBasicExecutionRole': [
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
  ],
  AWSXRayDaemonWriteAccess: [
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:GetSamplingStatisticSummaries',
  ],
};

function deny(
  principal: string,
  { action, resource }: PermissionCheck,
  decision: 'denied' | 'not allowed',
): AwsError {
  const [, account = '', role = ''] = /^arn:aws:iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(principal) ?? [];
  const user = role ? `arn:aws:sts::${account}:assumed-role/${role}/rehearsal` : principal;
  const reason =
    decision === 'denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  return new AwsError(
    'AccessDeniedException',
    `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
  );
}

const ofType = (stack: DeployedStack, type: string) =>
  stack.resources.filter((resource) => resource.type === type);
