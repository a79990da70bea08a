import { CfnOutput, Duration } from 'aws-cdk-lib';
import { type IManagedPolicy, type IOidcProvider, Role, WebIdentityPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { AppConfig } from '../contracts/config.ts';
import { githubAudience, githubIssuer, githubSubjects } from '../contracts/github-subject.ts';

export interface GithubPushRoleProps {
  readonly app: AppConfig;
  readonly provider: IOidcProvider;
  readonly policy: IManagedPolicy;
}

/**
 * The role that jobs of the app's own workflows take to push it. Every subject stands in full: a wildcard could match what
 * somebody else can name. A job with an `environment`, of a pull request or of a tag has another subject, and is refused.
 */
export class GithubPushRole extends Construct {
  constructor(scope: Construct, id: string, { app, provider, policy }: GithubPushRoleProps) {
    super(scope, id);
    const role = new Role(this, 'Role', {
      description: `EdgePaaS: workflows that push ${app.name}`,
      assumedBy: new WebIdentityPrincipal(provider.oidcProviderArn, {
        StringEquals: {
          [`${githubIssuer}:aud`]: githubAudience,
          [`${githubIssuer}:sub`]: githubSubjects(app),
        },
      }),
      maxSessionDuration: Duration.hours(1),
      managedPolicies: [policy],
    });
    new CfnOutput(this, 'Arn', {
      value: role.roleArn,
      description: `Role of the workflow that pushes ${app.name}`,
    });
  }
}
