import type { LoadKind } from './rates.ts';

export interface Fault {
  readonly reason: string;
  readonly detail: string;
}

/** What the tally is told. */
export interface Happening {
  readonly type: 'request' | 'truncated-stream' | 'no-close-frame' | 'reconnect';
  readonly kind: LoadKind;
  readonly ms: number;
  /** The release that answered, where one did. */
  readonly version?: string;
  readonly fault?: Fault;
}

export type Note = (happening: Happening) => void;

const resets = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'];

export class RequestTimeout extends Error {
  override readonly name = 'RequestTimeout';
}

/** A transport error as a reason that groups well. */
export function explain(error: Error): Fault {
  const { code } = error as NodeJS.ErrnoException;
  const detail = code && !error.message.includes(code) ? `${error.message} (${code})` : error.message;
  if (error instanceof RequestTimeout) return { reason: 'timeout', detail };
  if (code && resets.includes(code)) return { reason: 'reset', detail };
  if (code === 'ECONNREFUSED') return { reason: 'refused', detail };
  return { reason: code ? `error-${code}` : 'error', detail };
}
