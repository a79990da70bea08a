import {
  request as forward,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';

/** What a pull asks of IAM; none for the first `/v2/`, which only tries the password. */
export interface Pull {
  readonly action: 'ecr:BatchGetImage' | 'ecr:GetDownloadUrlForLayer';
  readonly repository: string;
}

/**
 * Whether ECR would accept this password, which GetAuthorizationToken hands out, for the user name AWS: false if it does not
 * know it, `denied` if whoever got it may not pull.
 */
export type PasswordCheck = (password: string, pull: Pull | undefined) => boolean | 'denied';

/** ECR's way of asking for a password, before a registry that asks for none. */
export function createRegistryFront(registryUrl: string, isValid: PasswordCheck): RequestListener {
  return (request, response) => {
    const password = passwordOf(request.headers.authorization);
    const answer = password !== undefined && isValid(password, pullOf(request.url));
    if (answer === true) relay(registryUrl, request, response);
    else if (answer === 'denied') deny(response);
    else refuse(request, response);
  };
}

/** Source: Service Authorization Reference, "Amazon Elastic Container Registry", and the OCI distribution API. */
function pullOf(path = ''): Pull | undefined {
  const [, repository, kind] = /^\/v2\/(.+)\/(manifests|blobs)\//.exec(path) ?? [];
  if (!repository) return undefined;
  return { repository, action: kind === 'manifests' ? 'ecr:BatchGetImage' : 'ecr:GetDownloadUrlForLayer' };
}

function deny(response: ServerResponse): void {
  response.writeHead(403, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ errors: [{ code: 'DENIED', message: 'User is not authorized to perform the pull' }] }),
  );
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
