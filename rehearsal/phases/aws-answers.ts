import type { IncomingMessage, RequestListener } from 'node:http';

const region = 'eu-central-1';
export const registryName = `123456789012.dkr.ecr.${region}.amazonaws.com`;
export const awsNames = [`ssm.${region}.amazonaws.com`, `api.ecr.${region}.amazonaws.com`];
export const password = 'registry-password';

export interface Parameter {
  readonly value: string;
  readonly type?: 'String' | 'StringList' | 'SecureString';
  readonly version?: number;
}

/** What lies below /edgepaas/web in Parameter Store, by its name there; a text alone is a SecureString. */
export type Parameters = Record<string, string | Parameter>;

/** The two calls that a host makes, in pages of ten as AWS gives them, to callers that sign and carry their token. */
export function answerAsAws(parameters: Parameters): RequestListener {
  return async (request, response) => {
    const body = JSON.parse(await textOf(request)) as { NextToken?: string };
    const refusal = refusalOf(request, parameters);
    const answer = refusal ?? answerOf(String(request.headers['x-amz-target']), parameters, body.NextToken);
    response.writeHead(refusal ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer));
  };
}

function refusalOf(request: IncomingMessage, parameters: Parameters): object | undefined {
  const { authorization = '', 'x-amz-security-token': token } = request.headers;
  if (!authorization.startsWith('AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/') || token !== 'token')
    return { __type: 'UnrecognizedClientException', message: 'The security token is invalid.' };
  if (parameters.DENIED) return { __type: 'AccessDeniedException', Message: 'not authorized to perform it' };
  return undefined;
}

export function answerOf(target: string, parameters: Parameters, nextToken = '0'): object {
  if (target.endsWith('GetAuthorizationToken')) {
    const token = Buffer.from(`AWS:${password}`).toString('base64');
    return { authorizationData: [{ authorizationToken: token, expiresAt: 1 }] };
  }
  const from = Number(nextToken);
  const all = Object.entries(parameters).map(([name, parameter]) => {
    const { value, type, version }: Parameter =
      typeof parameter === 'string' ? { value: parameter } : parameter;
    return {
      Name: `/edgepaas/web/${name}`,
      Type: type ?? 'SecureString',
      Value: value,
      Version: version ?? 1,
      DataType: 'text',
    };
  });
  const more = all.length > from + 10 ? { NextToken: String(from + 10) } : {};
  return { Parameters: all.slice(from, from + 10), ...more };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text || '{}';
}
