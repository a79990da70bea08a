import {
  request as forward,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { passOn, type AskRegistryFault, type RegistryFault } from './registry-fault.ts';
import { accessOf, withoutMount, type RegistryAccess } from './registry-access.ts';

/**
 * Whether ECR would accept this password, which GetAuthorizationToken hands out, for the user name AWS: false if it does not
 * know it, `denied` if whoever got it may not do this.
 */
export type PasswordCheck = (password: string, access: RegistryAccess | undefined) => boolean | 'denied';

/** ECR's way of asking for a password, before a registry that asks for none. */
export function createRegistryFront(
  registryUrl: string,
  isValid: PasswordCheck,
  fault: AskRegistryFault = () => undefined,
): RequestListener {
  return (request, response) => {
    const password = passwordOf(request.headers.authorization);
    const access = accessOf(request.method ?? '', request.url ?? '/');
    const answer = password !== undefined && isValid(password, access === 'none' ? undefined : access);
    if (answer === false) refuse(request, response);
    else if (access === 'none') unsupported(response);
    else if (answer === 'denied') deny(response, access!);
    else relayToRegistry(registryUrl, request, response, fault(request.method ?? '', request.url ?? '/'));
  };
}

function deny(response: ServerResponse, { action, repository }: RegistryAccess): void {
  const message = `User is not authorized to perform: ${action} on resource: repository/${repository}`;
  fail(response, 403, 'DENIED', message);
}

const unsupported = (response: ServerResponse) =>
  fail(response, 405, 'UNSUPPORTED', 'The operation is unsupported.');

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

function passwordOf(authorization = ''): string | undefined {
  const [scheme, encoded = ''] = authorization.split(' ');
  const [user, ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  return scheme?.toLowerCase() === 'basic' && user === 'AWS' ? password.join(':') : undefined;
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  const realm = `Basic realm="https://${request.headers.host}/",service="ecr.amazonaws.com"`;
  response.writeHead(401, { 'www-authenticate': realm, 'docker-distribution-api-version': 'registry/2.0' });
  response.end('Not Authorized\n');
}

/** For a client that came by TLS. */
export function relayToRegistry(
  registryUrl: string,
  request: IncomingMessage,
  response: ServerResponse,
  fault?: RegistryFault,
): void {
  if (fault === 'hang') return void request.resume();
  if (fault === 'unavailable') return fail(response, 503, 'UNAVAILABLE', 'Service unavailable');
  const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
  const onward = forward(
    new URL(withoutMount(request.url ?? '/'), registryUrl),
    { method: request.method, headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      passOn(answer, response, fault);
    },
  );
  onward.once('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  request.pipe(onward);
}
