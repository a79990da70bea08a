import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { type IOidcProvider, OidcProviderNative } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { EdgePaasConfig } from '../contracts/config.ts';
import { githubAudience, githubIssuer } from '../contracts/github-subject.ts';

export interface GithubOidcProviderProps {
  readonly source: EdgePaasConfig['githubOidcProvider'];
}

/**
 * GitHub as this account knows it: its tokens stand for jobs of workflows. AWS knows GitHub's certificates itself, so it is told
 * no thumbprint. Source: IAM user guide, "Create an OpenID Connect identity provider".
 */
export class GithubOidcProvider extends Construct {
  readonly provider: IOidcProvider;

  constructor(scope: Construct, id: string, { source }: GithubOidcProviderProps) {
    super(scope, id);
    this.provider = source === 'import' ? this.import() : this.create();
  }

  /** An account has one, and others may have come to use it: it outlives the stack, which then imports it. */
  private create(): IOidcProvider {
    return new OidcProviderNative(this, 'Provider', {
      url: `https://${githubIssuer}`,
      clientIds: [githubAudience],
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }

  private import(): IOidcProvider {
    const arn = Stack.of(this).formatArn({
      service: 'iam',
      region: '',
      resource: 'oidc-provider',
      resourceName: githubIssuer,
    });
    return OidcProviderNative.fromOidcProviderArn(this, 'Provider', arn);
  }
}
