import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An invocation on its way into a process. */
export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
  /** JSON text. */
  readonly payload: string;
  /** The rehearsal's own: milliseconds by which the process takes it to be later than this machine does. */
  readonly clockShift: number;
  /** The rehearsal's own: the process ends itself when AWS has answered so many of its calls. */
  readonly crashAfterCalls?: number;
}

/** What a process tells. Bodies are JSON text. */
export interface RuntimeEvents {
  /** It asks for work: initialised, or done with the last invocation. */
  ready(): void;
  responded(requestId: string, body: string): void;
  failed(requestId: string, body: string): void;
  initFailed(body: string): void;
}

/** Bytes of a synchronous answer. Source: Lambda quotas. */
export const maxResponseBytes = 6_291_556;

/**
 * Lambda's runtime API for one process: it asks for the next invocation and is kept waiting until there is one.
 * Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
 */
export class RuntimeApi {
  readonly #server: Server;
  readonly #events: RuntimeEvents;
  #waiting: ServerResponse | undefined;

  constructor(events: RuntimeEvents) {
    this.#events = events;
    this.#server = createServer({ noDelay: true, requestTimeout: 0 }, (request, response) => {
      void this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = 0;
  }

  /** Answers host and port, as AWS_LAMBDA_RUNTIME_API holds them. */
  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Gives the waiting process its next invocation. */
  send({ requestId, functionArn, deadline, payload, clockShift, crashAfterCalls }: Invocation): void {
    const response = this.#waiting;
    if (!response) throw new Error('the process does not wait for an invocation');
    this.#waiting = undefined;
    response.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(deadline),
      'lambda-runtime-invoked-function-arn': functionArn,
      'rehearsal-clock-shift-ms': String(clockShift),
      ...(crashAfterCalls !== undefined && { 'rehearsal-crash-after-calls': String(crashAfterCalls) }),
    });
    response.end(payload);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = request.url?.replace('/2018-06-01/runtime/', '') ?? '';
    if (request.method === 'GET' && path === 'invocation/next') return this.#hold(response);
    const [, requestId, outcome] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (requestId && outcome === 'response') this.#events.responded(requestId, body);
    else if (requestId) this.#events.failed(requestId, body);
    else if (path === 'init/error') this.#events.initFailed(body);
    else return void response.writeHead(404).end();
    response.writeHead(202).end();
  }

  #hold(response: ServerResponse): void {
    this.#waiting = response;
    this.#events.ready();
  }
}
