import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import type { IdentityProvider } from '../aws/identity-provider.ts';
import type { Clock } from '../clock.ts';

/** What a token says; seconds since 1970 where it says times. */
export type Claims = Readonly<Record<string, string | number>>;

/** GitHub's own, as the script and AWS ask for it. */
export const githubIssuer = 'https://token.actions.githubusercontent.com';

/** How long a token of GitHub's is good. Observed by many: five minutes. */
const lifetimeSeconds = 300;

/** Signs tokens as GitHub does, RS256, with a key of its own that is worth nothing anywhere else. */
export class TokenIssuer implements IdentityProvider {
  readonly issuer = githubIssuer;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #keyId = randomUUID();
  readonly #privateKey: KeyObject;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  }

  publicKey = (keyId: string) => (keyId === this.#keyId ? createPublicKey(this.#privateKey) : undefined);

  /** A token with these claims over those that every token has. */
  issue(claims: Claims): string {
    const now = Math.floor(this.#clock.now() / 1000);
    const times = { jti: randomUUID(), iat: now, nbf: now - 300, exp: now + lifetimeSeconds };
    const header = encode({ typ: 'JWT', alg: 'RS256', kid: this.#keyId });
    const signed = `${header}.${encode({ iss: this.issuer, ...times, ...claims })}`;
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), this.#privateKey).toString('base64url')}`;
  }
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
