import {
  request as forward,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';

/** Whether ECR would accept this password, which GetAuthorizationToken hands out, for the user name AWS. */
export type PasswordCheck = (password: string) => boolean | Promise<boolean>;

/** ECR's way of asking for a password, before a registry that asks for none. */
export function createRegistryFront(registryUrl: string, isValid: PasswordCheck): RequestListener {
  return async (request, response) => {
    const password = passwordOf(request.headers.authorization);
    if (password === undefined || !(await isValid(password))) return refuse(request, response);
    relay(registryUrl, request, response);
  };
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

function relay(registryUrl: string, request: IncomingMessage, response: ServerResponse): void {
  const headers = { ...request.headers, 'x-forwarded-proto': 'https' };
  const onward = forward(
    new URL(request.url ?? '/', registryUrl),
    { method: request.method, headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    },
  );
  onward.once('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  request.pipe(onward);
}
