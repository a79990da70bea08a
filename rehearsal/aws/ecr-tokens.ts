import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';

const validMs = 12 * 3_600_000;

/** The registry passwords that GetAuthorizationToken has handed out; each is good for 12 hours. */
export class RegistryPasswords {
  readonly #passwords = new Map<string, { principal: string; expiresAt: number }>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(principal: string): { password: string; expiresAt: Date } {
    const password = randomBytes(48).toString('base64url');
    const expiresAt = this.#clock.now() + validMs;
    this.#passwords.set(password, { principal, expiresAt });
    return { password, expiresAt: new Date(expiresAt) };
  }

  /** Whose it is, while it is good. */
  check(password: string): { readonly principal: string } | undefined {
    const found = this.#passwords.get(password);
    return found && found.expiresAt > this.#clock.now() ? { principal: found.principal } : undefined;
  }
}
