import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeployedStack } from '../../../rehearsal/assembly-types.ts';
import { createAuthorizer } from '../../../rehearsal/aws/authorize.ts';
import { createSsm } from '../../../rehearsal/aws/ssm.ts';
import { createSts } from '../../../rehearsal/aws/sts.ts';
import { createCredentials } from '../../../rehearsal/aws/wire-credentials.ts';
import { hostRole } from '../../../rehearsal/deployer.ts';
import { claimsOf, type Job } from '../../../rehearsal/github/job.ts';
import { type Claims, TokenIssuer } from '../../../rehearsal/github/token-issuer.ts';
import { startEndpoint, type TestEndpoint } from '../../support/aws-endpoint.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { partOf, pushRole, pushStack } from '../../support/push-stack.ts';

const stack = pushStack();
const main: Job = { repository: 'acme/web', ref: 'refs/heads/main' };
let clock: ManualClock;
const github = new TokenIssuer({ now: () => clock.now() }); // making its key takes long
let endpoint: TestEndpoint;

/** An endpoint with what a workflow asks before it pushes. */
const open = (deployed: DeployedStack) => {
  const ssm = createSsm({ stack: deployed, clock, hosts: [], events: { publish: () => undefined } });
  const sts = (credentials: ReturnType<typeof createCredentials>) =>
    createSts({ stack: deployed, clock, credentials, identityProviders: [github] });
  return startEndpoint(deployed, (credentials) => [ssm, sts(credentials)], [], clock);
};
beforeEach(async () => {
  clock = new ManualClock();
  endpoint = await open(stack);
});
afterEach(() => endpoint.close());

const tokenOf = (job: Job, claims: Claims = {}, issuer = github) =>
  issuer.issue({ ...claimsOf(job), aud: 'sts.amazonaws.com', ...claims });

/** Asks for the role of an app without any signature, as a job does. */
async function assume(token: string, members: Record<string, string> = {}, url = endpoint.url) {
  const response = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: pushRole(stack, 'web'),
      RoleSessionName: 'run-1',
      WebIdentityToken: token,
      ...members,
    }),
  });
  const text = await response.text();
  return {
    status: response.status,
    text,
    of: (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1],
  };
}

type Answer = Awaited<ReturnType<typeof assume>>;
const settings = (answer: Answer) => ({
  ...endpoint.as(),
  credentials: {
    accessKeyId: answer.of('AccessKeyId')!,
    secretAccessKey: answer.of('SecretAccessKey')!,
    sessionToken: answer.of('SessionToken')!,
  },
});
const readSettings = (answer: Answer, app = 'web') =>
  new SSMClient(settings(answer)).send(new GetParameterCommand({ Name: `/edgepaas-push/Test/${app}` }));

describe('a job of the named branch', () => {
  it('gets the role of its app for an hour, under the name of its session', async () => {
    const answer = await assume(tokenOf(main));
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.of('Expiration')).toBe('2026-01-01T01:00:00.000Z');
    expect(answer.of('SubjectFromWebIdentityToken')).toBe('repo:acme/web:ref:refs/heads/main');
    expect(answer.of('Arn')).toMatch(/^arn:aws:sts::123456789012:assumed-role\/.*web.*\/run-1$/);
    expect(answer.of('Provider')).toMatch(/:oidc-provider\/token\.actions\.githubusercontent\.com$/);
  });

  it('reads its own app’s settings with it, and no other’s', async () => {
    const answer = await assume(tokenOf(main));
    const { Parameter } = await readSettings(answer).catch((error: Error) => {
      throw new Error(`${error.name}: ${error.message}`);
    });
    expect(Parameter!.Value).toMatch(/^repositoryUri=.*\/web\nplatform=linux\/amd64\n/);
    await expect(readSettings(answer, 'api')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('has nothing any more when the hour is over', async () => {
    const answer = await assume(tokenOf(main));
    await clock.advance(3_599_000);
    await expect(readSettings(answer)).resolves.toBeDefined();
    await clock.advance(1_000);
    await expect(readSettings(answer)).rejects.toMatchObject({ name: 'ExpiredTokenException' });
  });

  it('is known by the ids of its repository where the configuration has them', async () => {
    const job = { repository: 'acme@12/api@345', ref: 'refs/heads/release/1.x' };
    const RoleArn = pushRole(stack, 'api');
    expect(await assume(tokenOf(job), { RoleArn })).toMatchObject({ status: 200 });
    const renamed = tokenOf({ ...job, repository: 'acme@99/api@345' });
    expect(await assume(renamed, { RoleArn })).toMatchObject({ status: 403 });
  });
});

it('a provider that was in the account before is taken for AWS’s own audience', async () => {
  const resources = stack.resources.filter(({ type }) => type !== 'AWS::IAM::OIDCProvider');
  const before = await open({ ...stack, resources });
  expect(await assume(tokenOf(main), {}, before.url)).toMatchObject({ status: 200 });
  const forOthers = await assume(tokenOf(main, { aud: 'https://github.com/acme' }), {}, before.url);
  expect(forOthers.of('Message')).toBe('Incorrect token audience');
  await before.close();
});

describe('the role is refused to', () => {
  it.each<[string, Job]>([
    ['another repository', { ...main, repository: 'acme/web2' }],
    ['another owner', { ...main, repository: 'evil/web' }],
    ['another branch', { ...main, ref: 'refs/heads/main2' }],
    ['a branch whose name ends alike', { ...main, ref: 'refs/heads/x/refs/heads/main' }],
    ['a tag of the branch’s name', { ...main, ref: 'refs/tags/main' }],
    ['a pull request', { ...main, ref: 'refs/pull/7/merge' }],
    ['a job with an environment', { ...main, environment: 'production' }],
    ['the other app’s branch', { repository: 'acme@12/api@345', ref: 'refs/heads/release/1.x' }],
  ])('%s', async (_what, job) => {
    const answer = await assume(tokenOf(job));
    expect([answer.status, answer.of('Code'), answer.of('Message')]).toEqual([
      403,
      'AccessDenied',
      'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    ]);
    expect(answer.text).not.toContain('AccessKeyId');
  });

  it.each<[string, () => string, string, RegExp]>([
    [
      'a token for another audience',
      () => tokenOf(main, { aud: 'https://github.com/acme' }),
      'InvalidIdentityToken',
      /audience/,
    ],
    [
      'a token that is over',
      () => tokenOf(main, { exp: clock.now() / 1000 }),
      'ExpiredTokenException',
      /^Token expired/,
    ],
    [
      'a token of somebody else’s key',
      () => tokenOf(main, {}, new TokenIssuer(clock)),
      'InvalidIdentityToken',
      /signature/,
    ],
    [
      'a token of another issuer',
      () => tokenOf(main, { iss: 'https://evil.example' }),
      'InvalidIdentityToken',
      /evil/,
    ],
    [
      'a token without a signature',
      () => forge(tokenOf(main), { alg: 'none' }),
      'InvalidIdentityToken',
      /signature/,
    ],
    ['what is no token', () => 'a.b.c', 'InvalidIdentityToken', /not a valid JWT/],
  ])('%s', async (_what, make, code, message) => {
    const answer = await assume(make());
    expect([answer.status, answer.of('Code')]).toEqual([400, code]);
    expect(answer.of('Message')).toMatch(message);
  });

  it('a token whose claims were changed after it was signed', async () => {
    const [header, , signature] = tokenOf({ ...main, repository: 'evil/web' }).split('.');
    const [, claims] = tokenOf(main).split('.');
    expect((await assume([header, claims, signature].join('.'))).of('Code')).toBe('InvalidIdentityToken');
  });

  it.each([
    ['longer than the role lasts', { DurationSeconds: '7200' }, /exceeds the MaxSessionDuration/],
    ['shorter than a quarter of an hour', { DurationSeconds: '60' }, /durationSeconds/],
    ['without a name for the session', { RoleSessionName: '' }, /RoleSessionName/],
    ['with a name that has blanks', { RoleSessionName: 'a b' }, /roleSessionName/],
  ])('one that asks for it %s', async (_what, members, message) => {
    const answer = await assume(tokenOf(main), members);
    expect([answer.status, answer.of('Code')]).toEqual([400, 'ValidationError']);
    expect(answer.of('Message')).toMatch(message);
  });

  it('everybody, where it is not made for tokens', async () => {
    const lambda = stack.resources.find(
      ({ type, logicalId }) => type === 'AWS::IAM::Role' && logicalId.startsWith('Functions'),
    )!;
    expect((await assume(tokenOf(main), { RoleArn: lambda.arn })).of('Code')).toBe('AccessDenied');
  });
});

/** The token with another header and nothing that signs it. */
function forge(token: string, header: object): string {
  return `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${token.split('.')[1]}.`;
}

it('no other action goes without a signature', async () => {
  const body = new URLSearchParams({ Action: 'GetCallerIdentity', Version: '2011-06-15' });
  const response = await fetch(endpoint.url, { method: 'POST', body });
  expect(response.status).toBe(403);
  expect(await response.text()).toContain('<Code>MissingAuthenticationToken</Code>');
});

describe('who somebody is', () => {
  const credentials = createCredentials();
  const ask = (principal: string, session?: string) =>
    createSts({ stack, clock: new ManualClock(), credentials }).handle(
      'GetCallerIdentity',
      {},
      { principal, ...(session && { session }) },
    );

  it('is the role with its session, or the person at the console', async () => {
    expect(await ask(pushRole(stack, 'web'), 'run-1')).toMatchObject({
      Account: '123456789012',
      Arn: expect.stringMatching(/^arn:aws:sts::123456789012:assumed-role\/.*\/run-1$/),
    });
    expect(await ask('rehearsal')).toMatchObject({ Arn: 'arn:aws:iam::123456789012:user/rehearsal' });
  });
});

describe('what the role may do', () => {
  const { authorize } = createAuthorizer(stack);
  const may = (app: string, action: string, resource: string, context = {}) => {
    try {
      authorize(pushRole(stack, app), [{ action, resource, context }]);
      return true;
    } catch {
      return false;
    }
  };
  const parameter = (path: string) => `arn:aws:ssm:eu-central-1:123456789012:parameter${path}`;
  const repository = (name: string) => `arn:aws:ecr:eu-central-1:123456789012:repository/${name}`;

  it.each(['PutImage', 'InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload', 'BatchGetImage'])(
    'ecr:%s on its own app’s repository alone',
    (action) => {
      expect(may('web', `ecr:${action}`, repository('web'))).toBe(true);
      expect(may('web', `ecr:${action}`, repository('api'))).toBe(false);
      expect(may('api', `ecr:${action}`, repository('web'))).toBe(false);
    },
  );

  it('not what a host may, nor a host what it may', () => {
    const { managedPolicyArns } = hostRole(stack, 'arn:aws:iam::123456789012:role/host');
    expect(managedPolicyArns).toEqual([partOf(stack, 'AWS::IAM::ManagedPolicy', 'Hosts').arn]);
    expect(may('web', 'ssm:GetParametersByPath', parameter('/edgepaas/web'))).toBe(false);
    expect(may('web', 'ssm:GetParameter', parameter('/edgepaas/web/DATABASE_URL'))).toBe(false);
  });

  it.each(['BatchDeleteImage', 'SetRepositoryPolicy', 'PutLifecyclePolicy', 'DeleteRepository'])(
    'not ecr:%s',
    (action) => expect(may('web', `ecr:${action}`, repository('web'))).toBe(false),
  );
});
