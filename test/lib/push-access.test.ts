import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import type { EdgePaasConfigInput } from '../../contracts/config.ts';
import { githubSubjects, subjectsLength, subjectsLimit } from '../../contracts/github-subject.ts';
import { deployResources } from '../../rehearsal/assembly/read-assembly.ts';
import { configWith, everything, synthesize } from './synthesize.ts';
import { render, resourceNamed, resourcesOf, type Statement } from './template-parts.ts';

const provider = 'token.actions.githubusercontent.com';
const withGithub = (config: EdgePaasConfigInput['githubOidcProvider'], ...branches: string[]) => ({
  ...configWith({ github: [{ repository: 'acme/web', ...(branches.length > 0 && { branches }) }] }),
  githubOidcProvider: config,
});

interface Trust {
  readonly Statement: {
    readonly Principal: { readonly Federated: unknown };
    readonly Condition: Record<string, Record<string, unknown>>;
  }[];
}
const roleOf = (template: Template, app: string) =>
  resourceNamed(template, 'AWS::IAM::Role', `PushAccessRole${app}`);
const trustOf = (template: Template, app: string) =>
  roleOf(template, app).Properties.AssumeRolePolicyDocument as Trust;

describe('the settings of a push', () => {
  const place = { stackName: 'Test', account: '123456789012', region: 'eu-central-1' };
  const settingsOf = (app: string, config = everything) =>
    deployResources(synthesize(config).toJSON(), {}, place).find(
      ({ type, ref }) => type === 'AWS::SSM::Parameter' && ref === `/edgepaas-push/Test/${app}`,
    )!.properties;

  test('are one standard parameter, outside of the apps’ own paths', () => {
    expect(settingsOf('web', configWith())).toEqual({
      Name: '/edgepaas-push/Test/web',
      Description: 'What a push of web has to know',
      Type: 'String',
      Tier: 'Standard',
      Value: expect.any(String),
    });
  });

  test('say where to, for which machines, which tags deploy and where the outcome is', () => {
    expect(settingsOf('api').Value).toMatch(
      /^repositoryUri=123456789012\.dkr\.ecr\.eu-central-1\.amazonaws\.com\/api\nplatform=linux\/arm64\ndeployTags=\*\nledgerTable=Test-LedgerTable\w+-\w+$/,
    );
    expect(settingsOf('web2').Value).toMatch(/\.com\/team\/web2\nplatform=linux\/amd64\n/);
    expect(settingsOf('web-2').Value).toContain('\ndeployTags=v* stable\n');
  });
});

describe('the policy of a push', () => {
  const statementsFor = (app: string, config = everything) =>
    (
      resourceNamed(synthesize(config), 'AWS::IAM::ManagedPolicy', `PushAccessPolicy${app}`).Properties
        .PolicyDocument as { Statement: Statement[] }
    ).Statement;

  test('is to push to one repository, to read its settings and its outcomes, and nothing else', () => {
    const granted = statementsFor('api').map(({ Action, Resource, Condition }) => [
      Action,
      render(Resource),
      Condition,
    ]);
    expect(granted).toEqual([
      ['ecr:GetAuthorizationToken', '*', undefined],
      [
        [
          'ecr:BatchCheckLayerAvailability',
          'ecr:BatchGetImage',
          'ecr:CompleteLayerUpload',
          'ecr:DescribeImages',
          'ecr:GetDownloadUrlForLayer',
          'ecr:InitiateLayerUpload',
          'ecr:PutImage',
          'ecr:UploadLayerPart',
        ],
        expect.stringMatching(/^<Appapi\w+\.Arn>$/),
        undefined,
      ],
      ['ssm:GetParameter', expect.stringMatching(/:parameter<PushAccessSettingsapi\w+>$/), undefined],
      [
        ['dynamodb:GetItem', 'dynamodb:Query'],
        expect.stringMatching(/^<LedgerTable\w+\.Arn>$/),
        { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['app#api'] } },
      ],
    ]);
  });

  test('is for a repository that was there before, too', () => {
    const imported = configWith({ repository: { name: 'acme/web', source: 'import' } });
    expect(render(statementsFor('web', imported)[1]!.Resource)).toBe(
      'arn:<AWS::Partition>:ecr:<AWS::Region>:<AWS::AccountId>:repository/acme/web',
    );
  });

  test('is put out for those who push without GitHub', () => {
    const outputs = Object.values(
      synthesize().toJSON().Outputs as Record<string, { Description: string; Value: { Ref: string } }>,
    );
    expect(outputs.find(({ Description }) => Description.includes('without GitHub'))).toMatchObject({
      Description: "Attach it to whatever pushes web's image without GitHub",
      Value: { Ref: expect.stringMatching(/^PushAccessPolicyweb/) },
    });
  });
});

describe('the role of an app’s workflows', () => {
  test('is taken by GitHub’s tokens for AWS alone, of the named branches alone, without any wildcard', () => {
    const [statement, ...others] = trustOf(synthesize(everything), 'api').Statement;
    expect(others).toEqual([]);
    expect(statement).toEqual({
      Action: 'sts:AssumeRoleWithWebIdentity',
      Effect: 'Allow',
      Principal: { Federated: { Ref: expect.stringMatching(/^PushAccessGithubProvider/) } },
      Condition: {
        StringEquals: {
          [`${provider}:aud`]: 'sts.amazonaws.com',
          [`${provider}:sub`]: [
            'repo:acme@12/api@345:ref:refs/heads/main',
            'repo:acme@12/api@345:ref:refs/heads/release/1.x',
          ],
        },
      },
    });
  });

  test('lasts an hour, and may do what a push of its app may', () => {
    expect(roleOf(synthesize(everything), 'api').Properties).toMatchObject({
      MaxSessionDuration: 3600,
      ManagedPolicyArns: [{ Ref: expect.stringMatching(/^PushAccessPolicyapi/) }],
    });
    expect(roleOf(synthesize(everything), 'api').Properties).not.toHaveProperty('Policies');
  });

  test('is missing, and GitHub with it, where no app names a repository', () => {
    const template = synthesize();
    expect(resourcesOf(template, 'AWS::IAM::OIDCProvider')).toEqual({});
    const roles = Object.keys(resourcesOf(template, 'AWS::IAM::Role'));
    expect(roles.filter((id) => id.startsWith('PushAccess'))).toEqual([]);
  });

  test('fits into a trust policy with as many branches as a configuration may name', () => {
    const room = Array.from({ length: 20 }, (_, index) => String(index).padEnd(48, 'x'));
    const subjects = githubSubjects({ github: [{ repository: 'acme/web', branches: room }] });
    expect(subjectsLimit - subjectsLength(subjects)).toBe(0);
    const trust = JSON.stringify(trustOf(synthesize(withGithub('import', ...room)), 'web'));
    const resolved = trust.replace('{"Ref":"AWS::Partition"}', '"aws-us-gov"');
    expect(resolved.length).toBeLessThan(2048);
  });
});

describe('GitHub as an identity provider', () => {
  test('is made once, for AWS’s audience, and outlives the stack', () => {
    const made = resourceNamed(synthesize(everything), 'AWS::IAM::OIDCProvider', 'PushAccess');
    expect(made.Properties).toEqual({
      Url: `https://${provider}`,
      ClientIdList: ['sts.amazonaws.com'],
    });
    expect(made).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  });

  test('is taken as it is where the account has it', () => {
    const template = synthesize(withGithub('import'));
    expect(resourcesOf(template, 'AWS::IAM::OIDCProvider')).toEqual({});
    expect(render(trustOf(template, 'web').Statement[0]!.Principal.Federated)).toBe(
      `arn:<AWS::Partition>:iam::<AWS::AccountId>:oidc-provider/${provider}`,
    );
  });
});

test('no host of any group can read how to push, or push', () => {
  const policies = Object.entries(resourcesOf(synthesize(everything), 'AWS::IAM::ManagedPolicy'));
  const hosts = policies.filter(([id]) => id.startsWith('Hosts'));
  expect(hosts.length).toBeGreaterThan(0);
  for (const [, { Properties }] of hosts)
    expect(JSON.stringify(Properties.PolicyDocument)).not.toMatch(
      /edgepaas-push|GetParameter"|PutImage|Upload/,
    );
});
