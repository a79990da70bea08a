import { verify } from 'node:crypto';
import type { IdentityProvider } from './identity-provider.ts';
import { AwsError } from './service.ts';

/** What a token says, once its signature and its time are found good. */
export interface WebIdentity {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
}

/** Reads an identity token, or throws as STS does. Words without a source beside them are guessed. */
export function readWebIdentity(
  token: string,
  providers: readonly IdentityProvider[],
  nowMs: number,
): WebIdentity {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { alg, kid } = decode(header);
  const { iss, aud, sub, exp } = decode(payload);
  const provider = providers.find(({ issuer }) => issuer === iss);
  // Source: https://github.com/aws-actions/configure-aws-credentials/issues/721
  if (!provider) throw invalid(`No OpenIDConnect provider found in your account for ${String(iss)}`);
  const key = alg === 'RS256' && typeof kid === 'string' ? provider.publicKey(kid) : undefined;
  const signed = Buffer.from(`${header}.${payload}`);
  if (!key || !verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url')))
    throw invalid("Couldn't verify the signature of the token with your identity provider's keys");
  if (typeof aud !== 'string' || typeof sub !== 'string' || typeof exp !== 'number')
    throw invalid('Missing a required claim: aud, sub, exp');
  if (exp * 1000 <= nowMs) throw expired(exp, nowMs);
  return { issuer: provider.issuer, audience: aud, subject: sub };
}

function decode(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Answered as any other text that is no token.
  }
  throw invalid(
    'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
  );
}

/** Source: STS API reference, AssumeRoleWithWebIdentity, "Errors". */
export const invalid = (message: string) => new AwsError('InvalidIdentityToken', message);
const expired = (exp: number, nowMs: number) =>
  new AwsError(
    'ExpiredTokenException',
    `Token expired: current date/time ${Math.floor(nowMs / 1000)} must be before the expiration date/time ${exp}`,
  );
