import type { Credentials } from '../aws/wire-credentials.ts';
import type { FunctionConfig } from './function-config.ts';

export interface ProcessPlace {
  readonly region: string;
  /** One endpoint for every service. */
  readonly endpointUrl: string;
  readonly credentialsFor: (roleArn: string) => Credentials;
}

/** All that a function's process is told. Of the rehearsal's own environment it gets nothing but PATH. */
export function makeEnvironment(
  config: FunctionConfig,
  place: ProcessPlace,
  runtimeApi: string,
): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey, sessionToken } = place.credentialsFor(config.roleArn);
  return {
    PATH: process.env['PATH'],
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    ...config.environment,
    AWS_ENDPOINT_URL: place.endpointUrl,
    AWS_REGION: place.region,
    AWS_DEFAULT_REGION: place.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken && { AWS_SESSION_TOKEN: sessionToken }),
    AWS_EXECUTION_ENV: `AWS_Lambda_${config.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMegabytes),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${config.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'rehearsal',
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    LAMBDA_TASK_ROOT: config.folder,
    _HANDLER: config.handler,
  };
}
