/** Who signed a request, known by the access key that the rehearsal handed out. */
export interface Caller {
  /** ARN of the role, or `rehearsal` for the person at the console. */
  readonly principal: string;
  /** What a role's bearer called the session. */
  readonly session?: string;
}

/** An AWS service at the wire: JSON-RPC style actions (X-Amz-Target) or query actions (form `Action`). */
export interface WireService {
  /** The signing name in the credential scope: ssm, states, dynamodb, events, ecr, ec2, sts. */
  readonly name: string;
  /** Actions that need no signature. */
  readonly unsignedActions?: readonly string[];
  /** Performs an action. Throws AwsError for every error AWS documents, and for what is not implemented. */
  handle(action: string, input: Record<string, unknown>, caller: Caller): Promise<unknown>;
  /** What IAM would check for this call: one entry a needed permission. */
  permissions(action: string, input: Record<string, unknown>): PermissionCheck[];
}

export interface PermissionCheck {
  /** Such as `ssm:SendCommand`. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys with their values, such as `ssm:resourceTag/x`; those of many values have a list. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** An error as AWS answers it: its code, message and HTTP status. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

/** Answers an action the rehearsal does not know: loudly, so that nothing passes by accident. */
export function refuse(service: string, action: string): never {
  throw new AwsError(
    'RehearsalNotSupported',
    `The rehearsal's ${service} does not implement ${action}: see rehearsal/SUPPORTED.md`,
    501,
  );
}
