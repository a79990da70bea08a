import {
  request,
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { explain, RequestTimeout, type Fault } from './happening.ts';
import type { Address } from './address.ts';

export interface ExchangeOptions {
  readonly address: Address;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly agent: Agent;
  readonly timeoutMs: number;
  /** Writes and ends the body. */
  readonly send: (outgoing: ClientRequest) => void;
  /** What is wrong with a complete 2xx answer, if anything. */
  readonly check: (body: Buffer) => string | undefined;
}

export interface Ending {
  readonly version?: string;
  readonly fault?: Fault;
}

/** One HTTP request, tried once; it resolves however it ends. */
export function exchange(options: ExchangeOptions): Promise<Ending> {
  const { address, method, path, headers, agent } = options;
  return new Promise((resolve) => {
    const outgoing = request({ ...address, method, path, headers, agent });
    const timer = setTimeout(() => (fail(timeout(options)), outgoing.destroy()), options.timeoutMs);
    const end = (ending: Ending) => {
      clearTimeout(timer);
      resolve(ending);
      if (!outgoing.writableEnded) outgoing.destroy(); // answered before the body was sent: nobody will read it
    };
    const fail = (error: Error) => end({ fault: explain(error) });
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      readBody(response, (body) => end(judge(response, body, options.check)), fail);
    });
    options.send(outgoing);
  });
}

function timeout({ timeoutMs }: ExchangeOptions): RequestTimeout {
  return new RequestTimeout(`no complete answer after ${timeoutMs} ms`);
}

function readBody(
  response: IncomingMessage,
  done: (body: Buffer) => void,
  fail: (error: Error) => void,
): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(Buffer.concat(chunks)));
  response.on('error', fail); // an answer that is cut ends in ECONNRESET
}

function judge(response: IncomingMessage, body: Buffer, check: ExchangeOptions['check']): Ending {
  const fault = findFault(response, body, check);
  return { version: readVersion(response), ...(fault && { fault }) };
}

function findFault(
  response: IncomingMessage,
  body: Buffer,
  check: ExchangeOptions['check'],
): Fault | undefined {
  const refusal = judgeHead(response);
  if (refusal) return { ...refusal, detail: `${refusal.detail} ${body.toString('utf8', 0, 120)}` };
  const wrong = check(body);
  return wrong === undefined ? undefined : { reason: 'wrong-payload', detail: wrong };
}

/** Only the app names its release: a page of the proxy's own is no answer, not even with status 200. */
export function judgeHead(response: IncomingMessage): Fault | undefined {
  const { statusCode = 0 } = response;
  if (statusCode < 200 || statusCode > 299)
    return { reason: `status-${statusCode}`, detail: response.statusMessage ?? '' };
  if (!readVersion(response))
    return { reason: 'no-build-version', detail: 'an answer without X-Build-Version' };
  return undefined;
}

export function readVersion(response: IncomingMessage): string | undefined {
  const version = response.headers['x-build-version'];
  return Array.isArray(version) ? version[0] : version;
}
