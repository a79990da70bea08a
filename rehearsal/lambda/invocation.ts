/** What Lambda's Invoke answers to a synchronous call. */
export interface InvocationAnswer {
  readonly statusCode: number;
  readonly executedVersion: string;
  readonly requestId: string;
  /** Set when the function itself failed; the payload then tells how. */
  readonly functionError?: 'Unhandled';
  /** JSON text: the function's answer, or {errorType, errorMessage, trace?}. */
  readonly payload: string;
}

/**
 * Calls a function, by name or ARN, with JSON text. Throws AwsError for what Lambda itself refuses
 * (ResourceNotFoundException, TooManyRequestsException, AccessDeniedException...).
 */
export type InvokeFunction = (functionNameOrArn: string, payload: string) => Promise<InvocationAnswer>;
