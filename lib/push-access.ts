import { Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { imageArchitectures } from '../contracts/architecture.ts';
import type { AppConfig, EdgePaasConfig } from '../contracts/config.ts';
import type { DeployLedger } from './deploy-ledger.ts';
import { GithubOidcProvider } from './github-oidc-provider.ts';
import { GithubPushRole } from './github-push-role.ts';
import { PushPolicy } from './push-policy.ts';
import { PushSettingsParameter } from './push-settings.ts';

export interface PushAccessProps {
  readonly config: EdgePaasConfig;
  readonly repositories: ReadonlyMap<string, IRepository>;
  readonly ledger: DeployLedger;
}

/** For each app what a push of it has to know and may do, and the role of its workflows on GitHub if it has any. */
export class PushAccess extends Construct {
  constructor(scope: Construct, id: string, { config, repositories, ledger }: PushAccessProps) {
    super(scope, id);
    const { apps, githubOidcProvider: source } = config;
    const github = apps.some((app) => app.github.length > 0)
      ? new GithubOidcProvider(this, 'Github', { source })
      : undefined;
    for (const app of apps) {
      const repository = repositories.get(app.name)!;
      const { policy } = this.policyOf(app, config, repository, ledger);
      if (github && app.github.length > 0)
        new GithubPushRole(this, `Role-${app.name}`, { app, provider: github.provider, policy });
    }
  }

  private policyOf(
    app: AppConfig,
    { hosts }: EdgePaasConfig,
    repository: IRepository,
    ledger: DeployLedger,
  ): PushPolicy {
    const settings = new PushSettingsParameter(this, `Settings-${app.name}`, {
      stackName: Stack.of(this).stackName,
      app: app.name,
      settings: {
        repositoryUri: repository.repositoryUri,
        platform: `linux/${imageArchitectures[hosts[app.hosts]!.architecture]}`,
        deployTags: app.deployTags.join(' '),
        ledgerTable: ledger.table.tableName,
      },
    });
    return new PushPolicy(this, `Policy-${app.name}`, {
      app: app.name,
      repository,
      settings: settings.parameter,
      ledger,
    });
  }
}
