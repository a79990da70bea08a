import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import { type IRepository, Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import type { AppConfig } from '../contracts/config.ts';

/**
 * The ECR repository of an app, made or imported. Tags may move, since people push `latest`: a release is its digest. It has no
 * lifecycle policy: a policy knows neither what a host runs nor that the images an index refers to have no tag, so it could
 * expire the live image.
 */
export class AppRepository extends Construct {
  readonly repository: IRepository;

  constructor(scope: Construct, id: string, { name, source }: AppConfig['repository']) {
    super(scope, id);
    this.repository =
      source === 'import' ? Repository.fromRepositoryName(this, 'Repository', name) : this.create(name);
    new CfnOutput(this, 'Uri', { value: this.repository.repositoryUri, description: `Push ${name} here` });
  }

  private create(repositoryName: string): Repository {
    return new Repository(this, 'Repository', {
      repositoryName,
      imageTagMutability: TagMutability.MUTABLE,
      imageScanOnPush: true,
      // Its name is fixed: one that a failed first deployment of the stack left behind would be in the way of the next.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
