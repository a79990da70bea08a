import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { claimsOf, type Job } from './job.ts';
import type { TokenIssuer } from './token-issuer.ts';

/** Where jobs ask for their tokens. */
export interface TokenEndpoint {
  /** What a runner puts into the environment of a job with `id-token: write`. */
  environmentOf(job: Job): { ACTIONS_ID_TOKEN_REQUEST_URL: string; ACTIONS_ID_TOKEN_REQUEST_TOKEN: string };
  close(): Promise<void>;
}

/** Answers on this address, at a free port. */
export async function startTokenEndpoint(issuer: TokenIssuer, address = '127.0.0.1'): Promise<TokenEndpoint> {
  const jobs = new Map<string, Job>();
  const server = createServer((request, response) => answer(request, response, issuer, jobs));
  await once(server.listen(0, address), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    environmentOf(job) {
      const token = randomBytes(24).toString('base64url');
      jobs.set(token, job);
      // GitHub's own URL has a query, to which a job adds its audience.
      const url = `http://${address}:${port}/token/idtoken?api-version=2.0`;
      return { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Source: https://docs.github.com/en/actions/reference/security/oidc, "Methods for requesting the OIDC token". */
function answer(
  { method, url = '', headers }: IncomingMessage,
  response: ServerResponse,
  issuer: TokenIssuer,
  jobs: ReadonlyMap<string, Job>,
): void {
  const [, token = ''] = /^bearer (.+)$/i.exec(headers.authorization ?? '') ?? [];
  const job = jobs.get(token);
  const { pathname, searchParams } = new URL(url, 'http://github');
  if (!job) return send(response, 401, { message: 'Unauthorized' });
  if (method !== 'GET' || pathname !== '/token/idtoken' || searchParams.get('api-version') !== '2.0')
    return send(response, 404, { message: 'Not Found' });
  const claims = claimsOf(job);
  const aud = searchParams.get('audience') ?? `https://github.com/${claims.repository_owner}`;
  send(response, 200, { value: issuer.issue({ ...claims, aud }) });
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
