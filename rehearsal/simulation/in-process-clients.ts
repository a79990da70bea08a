import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import * as sfn from '@aws-sdk/client-sfn';
import * as ssm from '@aws-sdk/client-ssm';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { AwsError, type WireService } from '../aws/service.ts';
import { person } from '../aws/wire-credentials.ts';
import { protocolOf } from '../aws/wire-protocol.ts';
import { inProcessDocuments } from './in-process-documents.ts';
import { inProcessClient } from './in-process-json.ts';

/** Clients that hand each request to a service of the rehearsal instead of a socket: the SDK's own where that is cheap enough. */
export interface Clients {
  readonly cloudwatch: CloudWatchClient;
  readonly documents: DynamoDBDocumentClient;
  readonly ec2: EC2Client;
  readonly ecr: ECRClient;
  readonly sfn: sfn.SFNClient;
  readonly ssm: ssm.SSMClient;
}

type Services = Readonly<Record<'cloudwatch' | 'dynamodb' | 'ec2' | 'ecr' | 'states' | 'ssm', WireService>>;

export function createClients(services: Services, region: string): Clients {
  const to = (service: WireService) => ({
    region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    signer: { sign: async <T>(request: T) => request },
    // The graph's own retries are what is simulated.
    maxAttempts: 1,
    requestHandler: { handle: (request: unknown) => answer(service, request as Request) },
  });
  return {
    cloudwatch: new CloudWatchClient(to(services.cloudwatch) as never),
    documents: inProcessDocuments(services.dynamodb),
    ec2: new EC2Client(to(services.ec2) as never),
    ecr: new ECRClient(to(services.ecr) as never),
    sfn: inProcessClient(sfn.SFNClient, services.states, sfn),
    ssm: inProcessClient(ssm.SSMClient, services.ssm, ssm),
  };
}

interface Request {
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** As at the wire, but for signatures and permissions, which the rehearsal proper checks. */
async function answer(service: WireService, { headers, body = '' }: Request) {
  const sent =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const protocol = protocolOf(headers, sent, 'simulated');
  const { status, contentType, body: text } = await perform(service, protocol);
  return {
    response: { statusCode: status, headers: { 'content-type': contentType }, body: Buffer.from(text) },
  };
}

async function perform(service: WireService, protocol: ReturnType<typeof protocolOf>) {
  try {
    const action = protocol.action();
    return protocol.render(action, await service.handle(action, protocol.input(), { principal: person }));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return protocol.renderError(error);
  }
}
