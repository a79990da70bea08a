import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says why a cdk-nag finding is as it should be; `finding` is the full id, such as `AwsSolutions-IAM5[Resource::*]`. */
export function acknowledge(construct: IConstruct, reason: string, ...findings: readonly string[]): void {
  for (const id of findings) Validations.of(construct).acknowledge({ id, reason });
}

export const anyResource = 'AwsSolutions-IAM5[Resource::*]';
