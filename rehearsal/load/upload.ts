import { createHash, randomBytes } from 'node:crypto';
import type { ClientRequest } from 'node:http';
import type { ExchangeOptions } from './exchange.ts';

const everyMs = 100;
const chunkBytes = 8192;

/** A body of random chunks, one each 100 ms for so long. The answer must name their number of bytes and sha256. */
export function sendSlowly(ms: number): Pick<ExchangeOptions, 'send' | 'check'> & { bytes: number } {
  const chunks = Array.from({ length: Math.max(1, Math.round(ms / everyMs)) }, () => randomBytes(chunkBytes));
  return {
    bytes: chunks.length * chunkBytes,
    send: (outgoing) => sendChunks(outgoing, chunks),
    check: (body) => checkReceipt(body, chunks),
  };
}

/** Stops where the server has answered already or the connection is gone. */
function sendChunks(outgoing: ClientRequest, chunks: readonly Buffer[]): void {
  const pending = [...chunks];
  const timer = setInterval(sendNext, everyMs);
  outgoing.once('close', () => clearInterval(timer));
  outgoing.once('response', () => clearInterval(timer));

  function sendNext(): void {
    outgoing.write(pending.shift());
    if (pending.length > 0) return;
    clearInterval(timer);
    outgoing.end();
  }
}

function checkReceipt(body: Buffer, chunks: readonly Buffer[]): string | undefined {
  const sent = {
    bytes: chunks.length * chunkBytes,
    sha256: createHash('sha256').update(Buffer.concat(chunks)).digest('hex'),
  };
  try {
    const { bytes, sha256 } = JSON.parse(body.toString()) as { bytes?: number; sha256?: string };
    if (bytes === sent.bytes && sha256 === sent.sha256) return undefined;
    return `sent ${sent.bytes} bytes ${sent.sha256.slice(0, 12)}, the app received ${bytes} ${sha256?.slice(0, 12)}`;
  } catch {
    return `no receipt: ${body.toString('utf8', 0, 120)}`;
  }
}
