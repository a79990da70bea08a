/**
 * Stands in for @aws-sdk/credential-provider-node in the bundles: a Lambda has its role's credentials in the environment and
 * nowhere else, and the chain of the other providers weighs 130 kB. They change with each new sandbox only.
 */
export const defaultProvider = () => async () => ({
  accessKeyId: required('AWS_ACCESS_KEY_ID'),
  secretAccessKey: required('AWS_SECRET_ACCESS_KEY'),
  sessionToken: process.env.AWS_SESSION_TOKEN,
});

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: the Lambda runtime sets it`);
  return value;
}
