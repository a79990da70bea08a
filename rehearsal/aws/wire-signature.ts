import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError, type Caller } from './service.ts';
import type { CredentialRegistry } from './wire-credentials.ts';

/** What of an HTTP request is signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Authentication extends Caller {
  readonly service: string;
  readonly region: string;
}

interface Authorization {
  readonly accessKeyId: string;
  /** `<date>/<region>/<service>/aws4_request` */
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** Says who signed a request and for which service, or throws as AWS does. Source: IAM user guide, "Signature Version 4". */
export function authenticate(
  request: SignedRequest,
  registry: CredentialRegistry,
  clocks: readonly number[],
): Authentication {
  const authorization = parseAuthorization(header(request, 'authorization'));
  const [, region = '', service = ''] = authorization.scope.split('/');
  const found = registry.find(authorization.accessKeyId);
  if (!found || (found.credentials.sessionToken ?? '') !== header(request, 'x-amz-security-token'))
    throw new AwsError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  refuseUnsigned(request, authorization);
  const expected = sign(request, authorization, found.credentials.secretAccessKey);
  if (!equal(expected, authorization.signature))
    throw new AwsError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  refuseOtherTime(header(request, 'x-amz-date'), clocks);
  if (found.expired)
    throw new AwsError('ExpiredToken', 'The security token included in the request is expired');
  const { principal, session } = found;
  return { principal, service, region, ...(session !== undefined && { session }) };
}

const allowedSkewMs = 300_000;

/** As AWS words it. A clock that was put ahead is not that of a host, which signs by this machine's: either is right. */
function refuseOtherTime(stamp: string, clocks: readonly number[]): void {
  const signedAt = Date.parse(stamp.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (clocks.some((now) => Math.abs(now - signedAt) <= allowedSkewMs)) return;
  const now = clocks[0]!;
  const [limit, what, sign] =
    signedAt < now
      ? [now - allowedSkewMs, 'Signature expired: %s is now earlier than', '-']
      : [now + allowedSkewMs, 'Signature not yet current: %s is still later than', '+'];
  const said = what.replace('%s', stamp);
  throw new AwsError(
    'InvalidSignatureException',
    `${said} ${stampOf(limit)} (${stampOf(now)} ${sign} 5 min.)`,
  );
}

const stampOf = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');

/** Every `x-amz-` header that is sent has to be signed, and the host with it. */
function refuseUnsigned({ headers }: SignedRequest, { signedHeaders }: Authorization): void {
  const required = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = required.filter((name) => !signedHeaders.includes(name));
  if (unsigned.length > 0)
    throw new AwsError(
      'InvalidSignatureException',
      `'${unsigned.join(', ')}' must be a 'SignedHeader' in the AWS Authorization.`,
    );
}

function parseAuthorization(value: string): Authorization {
  const match =
    /^AWS4-HMAC-SHA256 +Credential=([^/]+)\/([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})$/.exec(
      value,
    );
  if (!match)
    throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  const [, accessKeyId = '', scope = '', signedHeaders = '', signature = ''] = match;
  return { accessKeyId, scope, signedHeaders: signedHeaders.split(';'), signature };
}

function sign(request: SignedRequest, { scope, signedHeaders }: Authorization, secret: string): string {
  const canonical = [
    request.method,
    ...canonicalUrl(request.url),
    ...signedHeaders.map((name) => `${name}:${header(request, name).trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    sha256(request.body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', header(request, 'x-amz-date'), scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<Buffer | string>((parent, part) => hmac(parent, part), `AWS4${secret}`);
  return hmac(key, toSign).toString('hex');
}

function canonicalUrl(url: string): [path: string, query: string] {
  const [path = '/', query = ''] = url.split('?');
  const pairs = query
    .split('&')
    .filter(Boolean)
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`));
  return [path, pairs.sort().join('&')];
}

function header({ headers }: SignedRequest, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
const equal = (left: string, right: string) =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
