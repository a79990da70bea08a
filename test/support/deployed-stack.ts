import type { DeployedResource, DeployedStack } from '../../rehearsal/assembly-types.ts';

type Part = Partial<DeployedResource> & Pick<DeployedResource, 'logicalId' | 'type'>;

export const account = '123456789012';
export const region = 'eu-central-1';

/** A stack of the resources that a test is about. Assets are folders, by their key. */
export const stackOf = (
  parts: readonly Part[],
  assets: Readonly<Record<string, string>> = {},
): DeployedStack => ({
  stackName: 'Test',
  account,
  region,
  resources: parts.map((part) => ({
    ref: part.logicalId,
    arn: `arn:aws:test:${region}:${account}:${part.logicalId}`,
    properties: {},
    metadata: {},
    ...part,
  })),
  assetFolder: (key) => assets[key] ?? `no asset ${key}`,
});

export const functionArn = (name: string) => `arn:aws:lambda:${region}:${account}:function:${name}`;

export const functionResource = (name: string, properties: Record<string, unknown> = {}): Part => ({
  logicalId: name,
  type: 'AWS::Lambda::Function',
  ref: name,
  arn: functionArn(name),
  properties: {
    Code: { S3Bucket: 'assets', S3Key: `${name}.zip` },
    Handler: 'index.handler',
    Runtime: 'nodejs22.x',
    Role: `arn:aws:iam::${account}:role/${name}`,
    ...properties,
  },
});
