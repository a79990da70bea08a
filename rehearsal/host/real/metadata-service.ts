import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RealHostOptions } from './host-options.ts';
import { openNamespaceSocket, type NamespaceSocket } from './namespace-socket.ts';

export interface MetadataService {
  /** Path of the network namespace it listens in. */
  readonly namespace: string;
  close(): void;
}

const address = '169.254.169.254';
const maxTokenSeconds = 21_600;

/**
 * Version 2 of the instance metadata service, for one host. Its packets live for one hop, as with EC2's hop limit 1:
 * the host gets them, a container behind the host's bridge does not.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 */
export async function startMetadataService(options: RealHostOptions): Promise<MetadataService> {
  const namespace = await openNamespaceSocket(address, 80, 1);
  const server = createServer(createMetadataHandler(options)).unref();
  await new Promise<void>((resolve) => server.listen(namespace.socket, resolve));
  return { namespace: namespace.path, close: () => closeAll(server, namespace) };
}

function closeAll(server: Server, namespace: NamespaceSocket): void {
  server.closeAllConnections();
  server.close();
  namespace.socket.close();
  namespace.close();
}

function createMetadataHandler(options: RealHostOptions) {
  const expiries = new Map<string, number>();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === '/latest/api/token') return issueToken(request, response, expiries);
    const token = String(request.headers['x-aws-ec2-metadata-token'] ?? '');
    if ((expiries.get(token) ?? 0) < Date.now()) return answer(response, 401, 'Unauthorized');
    if (request.method !== 'GET') return answer(response, 405, 'Method Not Allowed');
    const value = await describe(options, (request.url ?? '').replace(/\/$/, ''));
    return value === undefined ? answer(response, 404, 'Not Found') : answer(response, 200, value);
  };
}

function issueToken(request: IncomingMessage, response: ServerResponse, expiries: Map<string, number>): void {
  const seconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? Number.NaN);
  if (request.method !== 'PUT') return answer(response, 405, 'Method Not Allowed');
  if (request.headers['x-forwarded-for']) return answer(response, 403, 'Forbidden');
  if (!(seconds >= 1 && seconds <= maxTokenSeconds)) return answer(response, 400, 'Bad Request');
  const token = randomBytes(42).toString('base64');
  expiries.set(token, Date.now() + seconds * 1000);
  response.setHeader('x-aws-ec2-metadata-token-ttl-seconds', seconds);
  answer(response, 200, token);
}

async function describe(options: RealHostOptions, path: string): Promise<string | undefined> {
  const profile = options.instanceProfile;
  const roles = '/latest/meta-data/iam/security-credentials';
  if (profile && path === roles) return profile.roleName;
  if (profile && path === `${roles}/${profile.roleName}`) {
    const updated = { Code: 'Success', LastUpdated: new Date().toISOString(), Type: 'AWS-HMAC' };
    return JSON.stringify({ ...updated, ...(await profile.credentials()) }, null, 2);
  }
  return factsOf(options)[path];
}

function factsOf(options: RealHostOptions): Record<string, string> {
  const { instanceId, region, availabilityZone, accountId } = options;
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  const document = { accountId, architecture, availabilityZone, instanceId, region, version: '2017-09-30' };
  return {
    '/latest/meta-data/instance-id': instanceId,
    '/latest/meta-data/placement/region': region,
    '/latest/meta-data/placement/availability-zone': availabilityZone,
    '/latest/dynamic/instance-identity/document': JSON.stringify(document, null, 2),
  };
}

function answer(response: ServerResponse, status: number, body: string): void {
  const headers = {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(body),
    server: 'EC2ws',
  };
  response.writeHead(status, headers).end(body);
}
