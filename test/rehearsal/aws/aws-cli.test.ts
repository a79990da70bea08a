import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDynamoDb } from '../../../rehearsal/aws/dynamodb.ts';
import { memoryImages } from '../../../rehearsal/aws/ecr-memory-images.ts';
import { createEcr } from '../../../rehearsal/aws/ecr.ts';
import { createSsm } from '../../../rehearsal/aws/ssm.ts';
import { createSts } from '../../../rehearsal/aws/sts.ts';
import type { BaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { ensureBuilderRoot, insideBuilder } from '../../../rehearsal/cache/builder-root.ts';
import { systemClock } from '../../../rehearsal/clock.ts';
import { claimsOf } from '../../../rehearsal/github/job.ts';
import { TokenIssuer } from '../../../rehearsal/github/token-issuer.ts';
import { startEndpoint, type TestEndpoint } from '../../support/aws-endpoint.ts';
import { partOf, pushRole, pushStack } from '../../support/push-stack.ts';
import { describeRealHost } from '../host/fixture.ts';

const stack = pushStack();
const clock = systemClock;
const github = new TokenIssuer(clock);
const images = memoryImages({ publish: () => undefined });
let endpoint: TestEndpoint;
let builder: BaseImage;

const subjectToken = github.issue({
  ...claimsOf({ repository: 'acme/web', ref: 'refs/heads/main' }),
  aud: 'sts.amazonaws.com',
});

/** A script with the AWS CLI as `a`, with a token and nothing else to sign in with. */
async function run(script: string, env: Record<string, string> = {}): Promise<string> {
  const prelude = 'set -eu; a() { aws --endpoint-url "$ENDPOINT" --output text "$@"; }\n';
  const [program, ...args] = insideBuilder(builder, ['sh', '-c', prelude + script]);
  const variables = {
    PATH: process.env.PATH!,
    HOME: '/tmp',
    AWS_REGION: stack.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    ENDPOINT: endpoint.url,
    TOKEN: subjectToken,
    ROLE: pushRole(stack, 'web'),
    TABLE: partOf(stack, 'AWS::DynamoDB::Table', 'Ledger').ref,
    ...env,
  };
  const { stdout } = await promisify(execFile)(program!, args, { env: variables });
  return stdout;
}

/** Takes the app's role for the rest of the script, as a push on GitHub does. */
const signIn = `
printf %s "$TOKEN" >/tmp/token
set -- $(a sts assume-role-with-web-identity --role-arn "$ROLE" --role-session-name run-1 \\
  --web-identity-token file:///tmp/token --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]')
export AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 AWS_SESSION_TOKEN=$3
`;

describeRealHost('Debian’s AWS CLI', () => {
  beforeAll(async () => {
    builder = await ensureBuilderRoot();
    const dynamodb = await createDynamoDb(stack);
    const ssm = createSsm({ stack, clock, hosts: [], events: { publish: () => undefined } });
    const ecr = createEcr({ stack, images, clock, downloadUrl: () => endpoint.url });
    endpoint = await startEndpoint(stack, (credentials) => [
      dynamodb,
      ssm,
      ecr,
      createSts({ stack, clock, credentials, identityProviders: [github] }),
    ]);
  }, 300_000);
  afterAll(() => endpoint?.close());

  it('takes the role with a job’s token, and asks all that a push asks', { timeout: 120_000 }, async () => {
    const digest = images.push({ repository: 'web', tag: 'v1' });
    const output = await run(`${signIn}
a sts get-caller-identity --query Arn
a ssm get-parameter --name /edgepaas-push/Test/web --query Parameter.Value
a ecr get-login-password | wc -c
a ecr batch-get-image --repository-name web --image-ids imageTag=v1 --query 'images[0].imageId.imageDigest'
a ecr describe-images --repository-name web --query 'imageDetails[].imageDigest'
a dynamodb get-item --table-name "$TABLE" --key '{"pk":{"S":"app#web"},"sk":{"S":"current"}}' --consistent-read
a dynamodb query --table-name "$TABLE" --consistent-read --no-scan-index-forward --no-paginate --limit 5 \\
  --key-condition-expression 'pk = :pk AND sk BETWEEN :from AND :to' --filter-expression '#r.digest = :d' \\
  --projection-expression 'sk, #r.digest' --expression-attribute-names '{"#r":"request"}' \\
  --expression-attribute-values '{":pk":{"S":"app#web"},":from":{"S":"deployment#"},":to":{"S":"deployment#~"},":d":{"S":"x"}}' --query Count
`);
    expect(output.split('\n')).toEqual([
      expect.stringMatching(/^arn:aws:sts::123456789012:assumed-role\/\S+\/run-1$/),
      expect.stringMatching(/^repositoryUri=\S+\/web$/),
      'platform=linux/amd64',
      'deployTags=*',
      expect.stringMatching(/^ledgerTable=/),
      '65',
      digest,
      digest,
      '0',
      '',
    ]);
  });

  it.each([
    ['another app’s settings', 'a ssm get-parameter --name /edgepaas-push/Test/api', 'AccessDeniedException'],
    [
      'another app’s outcomes',
      `a dynamodb get-item --table-name "$TABLE" --key '{"pk":{"S":"app#api"},"sk":{"S":"current"}}'`,
      'AccessDeniedException',
    ],
  ])('is told that it may not read %s', { timeout: 60_000 }, async (_what, command, code) => {
    await expect(run(signIn + command)).rejects.toMatchObject({
      stderr: expect.stringContaining(`(${code})`),
    });
  });

  it('is told that another job may not take the role', { timeout: 60_000 }, async () => {
    const other = {
      ...claimsOf({ repository: 'acme/web', ref: 'refs/heads/other' }),
      aud: 'sts.amazonaws.com',
    };
    await expect(run(signIn, { TOKEN: github.issue(other) })).rejects.toMatchObject({
      stderr: expect.stringContaining(
        'An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity',
      ),
    });
  });
});
