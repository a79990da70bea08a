import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** What dynalite answered. */
export interface Exchange {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** dynalite looks for a signature but does not check it; the endpoint has done that before. */
const authorization =
  'AWS4-HMAC-SHA256 Credential=rehearsal/20200101/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/** Hands a request to dynalite's server without a socket: its listener gets a request and a response made of plain objects. */
export function exchange(server: Server, action: string, input: Record<string, unknown>): Promise<Exchange> {
  return new Promise((resolve) => {
    const request = Object.assign(new EventEmitter(), {
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${action}`,
        'x-amz-date': '20200101T000000Z',
        authorization,
      },
    });
    const response = {
      statusCode: 200,
      setHeader: () => undefined,
      end(this: { statusCode: number }, body: string) {
        resolve({ status: this.statusCode, body: JSON.parse(body || '{}') as Record<string, unknown> });
      },
    };
    server.emit('request', request as unknown as IncomingMessage, response as unknown as ServerResponse);
    request.emit('data', Buffer.from(JSON.stringify(input)));
    request.emit('end');
  });
}
