import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { systemClock, type Clock } from '../clock.ts';
import type { Authorizer } from './authorize.ts';
import { resetConnection } from './reset-connection.ts';
import { AwsError, type Caller, type WireService } from './service.ts';
import type { CredentialRegistry } from './wire-credentials.ts';
import { protocolOf, type Protocol, type WireAnswer } from './wire-protocol.ts';
import { authenticate } from './wire-signature.ts';

/** A call as it is logged, one JSON line each. */
export interface WireCall {
  readonly time: string;
  principal: string;
  service: string;
  action: string;
  ms: number;
  error?: string;
  message?: string;
}

/** A call that has been authenticated and authorised, before its service acts. */
export interface FaultableCall {
  readonly principal: string;
  readonly service: string;
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * An error that is answered instead of acting, or `answer-lost`: the service acts, and the connection is reset before its
 * answer. Asked for each request, so also for each that the SDK sends again by itself.
 */
export type AskCallFault = (call: FaultableCall) => AwsError | 'answer-lost' | undefined;

export interface WireOptions {
  readonly services: readonly WireService[];
  readonly credentials: CredentialRegistry;
  readonly authorizer: Authorizer;
  readonly onCall?: (call: WireCall) => void;
  readonly fault?: AskCallFault;
  /** For the log, and what requests are dated by. */
  readonly clock?: Clock;
  /** Paths that are no AWS action, such as ECR's layer downloads: answers whether the request was its own. */
  readonly routes?: readonly ((request: IncomingMessage, response: ServerResponse) => boolean)[];
}

export interface Wire {
  /** Whether a call is under way. */
  readonly isBusy: boolean;
  /** Answers a request that came in through any server, such as the TLS gateway of a rehearsal host. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** On this machine alone. */
  listen(): Promise<WireEndpoint>;
}

export interface WireEndpoint {
  /** What AWS_ENDPOINT_URL is set to. */
  readonly url: string;
  close(): Promise<void>;
}

/** One endpoint for every service: authenticates, authorises, performs, answers in the caller's protocol, logs. */
export function createWire(options: WireOptions): Wire {
  const services = new Map(options.services.map((service) => [service.name, service]));
  let underWay = 0;
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (options.routes?.some((route) => route(request, response))) return;
    // What fails here is a caller that went away while it sent its request.
    underWay += 1;
    void answer(request, response, services, options)
      .catch((error: Error) => response.destroy(error))
      .finally(() => (underWay -= 1));
  };
  return {
    get isBusy() {
      return underWay > 0;
    },
    handle,
    async listen() {
      const server = createServer(handle);
      server.keepAliveTimeout = 60_000;
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}`, close: () => closing(server) };
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  services: ReadonlyMap<string, WireService>,
  options: WireOptions,
): Promise<void> {
  const began = performance.now();
  const requestId = randomUUID();
  const time = new Date((options.clock ?? systemClock).now()).toISOString();
  const call: WireCall = { time, principal: '', service: '', action: '', ms: 0 };
  const body = await buffer(request);
  const protocol = protocolOf(request.headers, body, requestId);
  const reply = await perform(request, body, protocol, call, services, options).catch((error: unknown) => {
    if (error instanceof AnswerLost) return undefined;
    const known = asAwsError(error);
    call.error = known.code;
    call.message = known.message;
    return protocol.renderError(known);
  });
  if (reply) send(response, reply, requestId);
  else lose(request, call);
  call.ms = Math.round((performance.now() - began) * 100) / 100;
  options.onCall?.(call);
}

async function perform(
  request: IncomingMessage,
  body: Buffer,
  protocol: Protocol,
  call: WireCall,
  services: ReadonlyMap<string, WireService>,
  { credentials, authorizer, fault, clock = systemClock }: WireOptions,
): Promise<WireAnswer> {
  const signed = { method: request.method ?? '', url: request.url ?? '/', headers: request.headers, body };
  const { service: name, ...caller } =
    unsignedCaller(request, protocol, services) ??
    authenticate(signed, credentials, [clock.now(), systemClock.now()]);
  Object.assign(call, { principal: caller.principal, service: name });
  const service = services.get(name);
  if (!service)
    throw new AwsError(
      'RehearsalNotSupported',
      `The rehearsal has no service ${name}: see rehearsal/SUPPORTED.md`,
      501,
    );
  call.action = protocol.action();
  const input = protocol.input();
  authorizer.authorize(caller.principal, service.permissions(call.action, input));
  const failure = fault?.({ principal: caller.principal, service: name, action: call.action, input });
  if (failure instanceof AwsError) throw failure;
  const output = await service.handle(call.action, input, caller);
  if (failure === 'answer-lost') throw new AnswerLost();
  return protocol.render(call.action, output);
}

/** What the service did, it did: only its caller never hears of it. */
class AnswerLost extends Error {}

function lose({ socket }: IncomingMessage, call: WireCall): void {
  call.error = 'answer-lost';
  resetConnection(socket);
}

/** Nobody signs what gives credentials: such a request tells its service by its action alone. */
function unsignedCaller(
  { headers }: IncomingMessage,
  protocol: Protocol,
  services: ReadonlyMap<string, WireService>,
): (Caller & { readonly service: string }) | undefined {
  if (headers.authorization !== undefined || headers['x-amz-target'] !== undefined) return undefined;
  const found = [...services.values()].find((service) =>
    service.unsignedActions?.includes(protocol.action()),
  );
  return found && { principal: 'anonymous', service: found.name };
}

/** A fault of the rehearsal itself looks like an outage of AWS, with the reason in the log. */
function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new AwsError('InternalFailure', `The rehearsal itself failed: ${reason}`, 500);
}

function send(response: ServerResponse, { status, contentType, body }: WireAnswer, requestId: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': length,
    'x-amzn-requestid': requestId,
  });
  response.end(body);
}

function closing(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => void server.close(() => resolve()));
}
