import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Ledger } from '../../lambdas/lib/ledger.ts';
import { createDynamoDb } from '../../rehearsal/aws/dynamodb.ts';
import { type MemoryImages, memoryImages } from '../../rehearsal/aws/ecr-memory-images.ts';
import { createEcr } from '../../rehearsal/aws/ecr.ts';
import { createSsm } from '../../rehearsal/aws/ssm.ts';
import { createSts } from '../../rehearsal/aws/sts.ts';
import { ensureBuilderRoot, insideBuilder } from '../../rehearsal/cache/builder-root.ts';
import { systemClock as clock } from '../../rehearsal/clock.ts';
import { startTokenEndpoint, type TokenEndpoint } from '../../rehearsal/github/token-endpoint.ts';
import { TokenIssuer } from '../../rehearsal/github/token-issuer.ts';
import { startEndpoint, type TestEndpoint } from '../support/aws-endpoint.ts';
import { partOf, pushRole, pushStack } from '../support/push-stack.ts';
import { type AwsServer, startAwsServer } from './aws-server.ts';
import { OutputCommands } from './runner/output-commands.ts';
import { SecretMasker } from './runner/secret-masker.ts';
import { runProgram } from './runner/step-runner.ts';

/** Debian's AWS CLI 2.9 knows no AWS_ENDPOINT_URL; the repository is at /mnt. */
const prelude = `set -eu
mkdir /tmp/bin && cd /tmp
printf '#!/bin/sh\\nexec %s --endpoint-url "$ENDPOINT" "$@"\\n' "$AWS" >bin/aws
unset AWS
chmod +x bin/aws
PATH=/tmp/bin:$PATH
`;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly lastLine: string;
  readonly masker: SecretMasker;
  readonly annotations: OutputCommands['annotations'];
}

/** A machine with the real AWS CLI, and AWS at the wire behind it: settings, ledger, ECR and STS of the product's own stack. */
export class BuilderFixture {
  readonly stack = pushStack();
  readonly images: MemoryImages = memoryImages({ publish: () => undefined });
  readonly role = pushRole(this.stack, 'web');
  readonly #issuer = new TokenIssuer(clock);
  #builder!: Awaited<ReturnType<typeof ensureBuilderRoot>>;
  #endpoint!: TestEndpoint;
  #tokens!: TokenEndpoint;
  #server!: AwsServer;
  ledger!: Ledger;

  async open(): Promise<void> {
    this.#builder = await ensureBuilderRoot();
    this.#server = await startAwsServer(this.#builder);
    const dynamodb = await createDynamoDb(this.stack);
    const ssm = createSsm({ stack: this.stack, clock, hosts: [], events: { publish: () => undefined } });
    const { stack, images } = this;
    const ecr = createEcr({ stack, images, clock, downloadUrl: () => this.#endpoint.url });
    const identityProviders = [this.#issuer];
    this.#endpoint = await startEndpoint(stack, (credentials) => [
      dynamodb,
      ssm,
      ecr,
      createSts({ stack, clock, credentials, identityProviders }),
    ]);
    this.#tokens = await startTokenEndpoint(this.#issuer);
    const client = DynamoDBDocumentClient.from(new DynamoDBClient(this.#endpoint.as()));
    this.ledger = new Ledger(client, partOf(stack, 'AWS::DynamoDB::Table', 'Ledger').ref);
  }

  async close(): Promise<void> {
    await this.#server?.close();
    await this.#tokens?.close();
    await this.#endpoint?.close();
  }

  /** What a job of the app's repository has to get its token. */
  job = (ref = 'refs/heads/main') => ({
    ...this.#tokens.environmentOf({ repository: 'acme/web', ref }),
    EDGEPAAS_ROLE: this.role,
  });

  /** Credentials of the app's push role. */
  credentials(): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken = '' } = this.#endpoint.as(this.role).credentials;
    return {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken && { AWS_SESSION_TOKEN: sessionToken }),
    };
  }

  /** Runs a script there with the environment of a GitHub job, to its end; what it says is told line by line. */
  async run(
    script: string,
    environment: Record<string, string>,
    onLine: (line: string) => void = () => {},
  ): Promise<Ran> {
    const masker = new SecretMasker();
    const commands = new OutputCommands(masker);
    const command = insideBuilder(this.#builder, ['sh', '-c', prelude + script]);
    const given = {
      PATH: process.env['PATH']!,
      HOME: '/root',
      LANG: 'C.UTF-8',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_REGION: this.stack.region,
      AWS: this.#server.aws,
      ENDPOINT: this.#endpoint.url,
      GITHUB_ACTIONS: 'true',
      EDGEPAAS_STACK: 'Test',
      EDGEPAAS_APP: 'web',
      EDGEPAAS_POLL_SECONDS: '1',
      ...environment,
    };
    const ended = await runProgram(command, given, undefined, (line) => {
      commands.take(line);
      onLine(line);
    });
    const lastLine = ended.stderr.trim().split('\n').at(-1)!;
    return { ...ended, lastLine, masker, annotations: commands.annotations };
  }
}
