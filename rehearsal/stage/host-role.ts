import { AwsError } from '../aws/service.ts';
import { account, region, type Deployer } from '../deployer.ts';
import type { Credentials } from '../host/real/host-options.ts';
import type { RegistryAccess } from '../host/real/registry-access.ts';
import { hostRoleArn } from './stage.ts';

/** As ECR: the password says who asks, and IAM whether they may. */
export function mayUseRegistry(
  { ecr, authorize }: Deployer,
  password: string,
  access: RegistryAccess | undefined,
): boolean | 'denied' {
  const caller = ecr.checkPassword(password);
  if (!caller || !access) return caller !== undefined;
  const resource = `arn:aws:ecr:${region}:${account}:repository/${access.repository}`;
  try {
    authorize(caller.principal, [{ action: access.action, resource }]);
    return true;
  } catch (error) {
    if (error instanceof AwsError) return 'denied';
    throw error;
  }
}

/** What the metadata service hands out. */
export function roleCredentials(deployer: Deployer | undefined): Credentials {
  if (!deployer) throw new Error('the host asked for credentials before AWS was there');
  const { accessKeyId, secretAccessKey, sessionToken } = deployer.credentials.credentialsFor(hostRoleArn);
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken ?? '',
    Expiration: new Date(Date.now() + 6 * 3_600_000).toISOString(),
  };
}
