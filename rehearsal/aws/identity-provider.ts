import type { KeyObject } from 'node:crypto';

/** Whoever signs tokens that STS may take, as it finds them in the world. */
export interface IdentityProvider {
  /** Such as `https://token.actions.githubusercontent.com`. */
  readonly issuer: string;
  /** As its JWKS has it. */
  publicKey(keyId: string): KeyObject | undefined;
}
