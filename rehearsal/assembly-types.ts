/** A resource of the synthesized template with every intrinsic resolved, as CloudFormation would have made it. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** What Ref gives. */
  readonly ref: string;
  readonly arn: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface DeployedStack {
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
  readonly resources: readonly DeployedResource[];
  /** Local folder of an asset, by the S3 key that Code names (its hash + .zip). */
  assetFolder(s3Key: string): string;
}
