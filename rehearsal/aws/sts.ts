import type { DeployedStack } from '../assembly-types.ts';
import type { Clock } from '../clock.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { optionalNumber, refuseOthers, text } from './input.ts';
import { AwsError, refuse, type Caller, type WireService } from './service.ts';
import { trusts } from './trust-policy.ts';
import { invalid, readWebIdentity, type WebIdentity } from './web-identity.ts';
import { person, type CredentialRegistry } from './wire-credentials.ts';

export interface StsOptions {
  readonly stack: DeployedStack;
  readonly clock: Clock;
  readonly credentials: CredentialRegistry;
  /** Those whose keys can be fetched. One that the stack does not make is taken to be in the account, for AWS's own audience. */
  readonly identityProviders?: readonly IdentityProvider[];
}

type Input = Record<string, unknown>;

/** Says who somebody is, and gives roles to bearers of tokens. */
export function createSts(options: StsOptions): WireService {
  return {
    name: 'sts',
    unsignedActions: ['AssumeRoleWithWebIdentity'],
    // Nobody needs a permission to know who they are; a token is judged by the role's own trust policy.
    permissions: () => [],
    async handle(action, input, caller) {
      if (action === 'GetCallerIdentity') return whoIs(caller, options);
      if (action === 'AssumeRoleWithWebIdentity') return assumeRole(input, options);
      return refuse('sts', action);
    },
  };
}

function whoIs({ principal, session }: Caller, { stack: { account } }: StsOptions): unknown {
  if (principal === person)
    return { Arn: `arn:aws:iam::${account}:user/${person}`, UserId: 'AIDAREHEARSAL', Account: account };
  const { arn, id } = assumed(principal, session ?? person);
  return { Arn: arn, UserId: id, Account: account };
}

const members = ['Action', 'Version', 'RoleArn', 'RoleSessionName', 'WebIdentityToken', 'DurationSeconds'];

/** Source: STS API reference, AssumeRoleWithWebIdentity. */
function assumeRole(input: Input, options: StsOptions): unknown {
  refuseOthers('AssumeRoleWithWebIdentity', input, members);
  const roleArn = text(input, 'RoleArn');
  const session = sessionName(input);
  const seconds = duration(input);
  const { clock, credentials } = options;
  const identity = readWebIdentity(
    text(input, 'WebIdentityToken'),
    options.identityProviders ?? [],
    clock.now(),
  );
  const provider = checkTrust(roleArn, seconds, identity, options);
  const expiresAt = clock.now() + seconds * 1000;
  const made = credentials.issue(roleArn, session, expiresAt);
  const { arn, id } = assumed(roleArn, session);
  return {
    SubjectFromWebIdentityToken: identity.subject,
    Audience: identity.audience,
    AssumedRoleUser: { Arn: arn, AssumedRoleId: id },
    Credentials: {
      AccessKeyId: made.accessKeyId,
      SecretAccessKey: made.secretAccessKey,
      SessionToken: made.sessionToken,
      Expiration: new Date(expiresAt),
    },
    Provider: provider,
  };
}

/** ARN of the provider whose token was good for the role. */
function checkTrust(roleArn: string, seconds: number, identity: WebIdentity, { stack }: StsOptions): string {
  const host = identity.issuer.replace(/^https:\/\//, '');
  const provider = `arn:aws:iam::${stack.account}:oidc-provider/${host}`;
  const made = stack.resources.find(({ type, arn }) => type === 'AWS::IAM::OIDCProvider' && arn === provider);
  const audiences = (made ? made.properties.ClientIdList : ['sts.amazonaws.com']) as
    readonly string[] | undefined;
  // Source: https://github.com/awslabs/amazon-eks-irsa-cfn/pull/18
  if (!audiences?.includes(identity.audience)) throw invalid('Incorrect token audience');
  const role = stack.resources.find(({ type, arn }) => type === 'AWS::IAM::Role' && arn === roleArn);
  const context = { [`${host}:aud`]: identity.audience, [`${host}:sub`]: identity.subject };
  if (!role || !trusts(role, provider, context))
    throw new AwsError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403);
  if (seconds > Number(role.properties.MaxSessionDuration ?? 3600))
    throw wrong('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
  return provider;
}

function sessionName(input: Input): string {
  const name = text(input, 'RoleSessionName');
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name;
  throw wrong(
    `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
  );
}

function duration(input: Input): number {
  const seconds = optionalNumber(input, 'DurationSeconds') ?? 3600;
  if (Number.isInteger(seconds) && seconds >= 900 && seconds <= 43_200) return seconds;
  throw wrong(
    `1 validation error detected: Value '${seconds}' at 'durationSeconds' failed to satisfy constraint`,
  );
}

const wrong = (message: string) => new AwsError('ValidationError', message);

function assumed(roleArn: string, session: string): { readonly arn: string; readonly id: string } {
  const arn = roleArn.replace(/^arn:aws:iam::(\d+):role\/(?:.*\/)?/, 'arn:aws:sts::$1:assumed-role/');
  return { arn: `${arn}/${session}`, id: `AROAREHEARSAL:${session}` };
}
