import { AwsError } from './service.ts';
import type { WireAnswer } from './wire-protocol.ts';

/** The AWS JSON protocols: the action in X-Amz-Target, times as epoch seconds, an error's code as `__type`. */
export function parseJsonInput(body: Buffer): Record<string, unknown> {
  try {
    const input: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
    if (typeof input === 'object' && input !== null && !Array.isArray(input))
      return input as Record<string, unknown>;
  } catch {
    // Answered as any other body that is no JSON object.
  }
  throw new AwsError('SerializationException', 'The request body is no JSON object');
}

export function renderJson(output: unknown, contentType: string): WireAnswer {
  return { status: 200, contentType, body: JSON.stringify(withEpochSeconds(output ?? {})) };
}

export function renderJsonError({ code, message, status }: AwsError, contentType: string): WireAnswer {
  return { status, contentType, body: JSON.stringify({ __type: code, message }) };
}

/** JSON.stringify would ask a Date for its ISO text before a replacer sees it. */
function withEpochSeconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(withEpochSeconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withEpochSeconds(item)]));
}
