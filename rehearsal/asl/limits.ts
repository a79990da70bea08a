import { sizeOf, type Json } from './json.ts';
import { StateError } from './state-error.ts';

/** Bytes of any input, output or task result. Source: Step Functions service quotas. */
export const maxPayloadBytes = 262_144;

/** Iterations of an inline Map that run at once. */
export const maxInlineConcurrency = 40;

/** Fails the state whose data outgrew the quota; `what` says which data. */
export function limitSize(value: Json, what: string): Json {
  const size = sizeOf(value);
  if (size <= maxPayloadBytes) return value;
  throw new StateError(
    'States.DataLimitExceeded',
    `The state/task returned a result with a size exceeding the maximum number of bytes service limit: ${what} is ${size} bytes, the limit is ${maxPayloadBytes}.`,
  );
}
