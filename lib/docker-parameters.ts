import { CfnParameter } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { installDocker } from '../contracts/phases/install-docker.ts';

const fingerprint = 'Fingerprint of the key that signs';

/** Where hosts get Docker from: stack parameters, so that a mirror needs no change of code. */
export class DockerParameters extends Construct {
  /** As find-hosts reads them. */
  readonly environment: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { dockerRepositoryUrl, debKeyFingerprint, rpmKeyFingerprint } = installDocker.parameters;
    this.environment = {
      DOCKER_REPOSITORY_URL: this.add(
        'DockerRepositoryUrl',
        'https://download.docker.com',
        dockerRepositoryUrl!.pattern,
        "Where Docker's packages are",
      ),
      // Source: https://docs.docker.com/engine/install/debian and https://docs.docker.com/engine/install/centos
      DOCKER_DEB_KEY_FINGERPRINT: this.add(
        'DockerDebKeyFingerprint',
        '9DC858229FC7DD38854AE2D88D81803C0EBFCD88',
        debKeyFingerprint!.pattern,
        `${fingerprint} Docker's deb repository`,
      ),
      DOCKER_RPM_KEY_FINGERPRINT: this.add(
        'DockerRpmKeyFingerprint',
        '060A61C51B558A7F742B77AAC52FEB6B621E9F35',
        rpmKeyFingerprint!.pattern,
        `${fingerprint} Docker's rpm repository`,
      ),
    };
  }

  private add(name: string, value: string, allowedPattern: string, description: string): string {
    const parameter = new CfnParameter(this, name, { default: value, allowedPattern, description });
    // People type it in `cdk deploy --parameters`: no path and no hash in it.
    parameter.overrideLogicalId(name);
    return parameter.valueAsString;
  }
}
