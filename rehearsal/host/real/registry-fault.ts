import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';
import { resetConnection } from '../../aws/reset-connection.ts';

/** What becomes of a host's request for the registry, once its password is accepted. */
export type RegistryFault =
  /** Nobody answers, for as long as the client waits. */
  | 'hang'
  /** 503. */
  | 'unavailable'
  /** Some bytes of the answer's body are other ones. */
  | 'corrupt'
  /** The connection breaks after so many bytes of the answer's body. */
  | { readonly resetAfterBytes: number };

/** Asked for each request, so also for each that Docker sends again: `/v2/<repository>/blobs/<digest>` is a layer or a configuration. */
export type AskRegistryFault = (method: string, url: string) => RegistryFault | undefined;

/** Passes the registry's answer on, as the fault lets it. */
export function passOn(
  answer: IncomingMessage,
  response: ServerResponse,
  fault: RegistryFault | undefined,
): void {
  if (fault === 'corrupt') answer.pipe(corrupting()).pipe(response);
  else if (typeof fault === 'object') breakAfter(fault.resetAfterBytes, answer, response);
  else answer.pipe(response);
}

function corrupting(): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const changed = Buffer.from(chunk);
      const middle = chunk.length >> 1;
      changed[middle] = chunk[middle]! ^ 0xff;
      done(null, changed);
    },
  });
}

function breakAfter(bytes: number, answer: IncomingMessage, response: ServerResponse): void {
  let left = bytes;
  answer.on('data', (chunk: Buffer) => {
    if (left < 0) return;
    const part = chunk.subarray(0, left);
    left -= chunk.length;
    const isLast = left < 0;
    // What was written must be on its way before the connection goes.
    response.write(part, () => isLast && resetConnection(response.socket));
  });
  answer.once('end', () => left >= 0 && response.end());
}
