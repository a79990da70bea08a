import { AwsError } from '../aws/service.ts';
import type { InvocationAnswer } from '../lambda/invocation.ts';
import type { Json, JsonObject } from './json.ts';
import type { Run } from './run.ts';
import { runtimeError, StateError } from './state-error.ts';

/** What arn:aws:states:::lambda:invoke does: calls the function and answers as Lambda's API does, its payload parsed. */
export async function invokeFunction({ FunctionName, Payload = {} }: JsonObject, run: Run): Promise<Json> {
  if (typeof FunctionName !== 'string')
    throw runtimeError(`FunctionName must be text, not ${JSON.stringify(FunctionName)}`);
  const answer = await run.invoke(FunctionName, JSON.stringify(Payload)).catch(asStateError);
  if (answer.functionError) throw functionError(answer);
  return {
    ExecutedVersion: answer.executedVersion,
    Payload: JSON.parse(answer.payload) as Json,
    SdkHttpMetadata: { HttpStatusCode: answer.statusCode },
    SdkResponseMetadata: { RequestId: answer.requestId },
    StatusCode: answer.statusCode,
  };
}

function functionError({ payload }: InvocationAnswer): StateError {
  const { errorType } = JSON.parse(payload) as { errorType?: string };
  return new StateError(errorType ?? 'Lambda.Unknown', payload);
}

/** Step Functions reports Lambda's own errors as Lambda.<exception>, and a refused call as Lambda.AWSLambdaException. */
function asStateError(error: unknown): never {
  if (!(error instanceof AwsError)) throw error;
  const name = error.code === 'AccessDeniedException' ? 'AWSLambdaException' : error.code;
  const message = `${error.message} (Service: AWSLambda; Status Code: ${error.status}; Error Code: ${error.code})`;
  throw new StateError(`Lambda.${name}`, message);
}
