import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../clock.ts';

/** Credentials as IMDS and Lambda hand them out. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Roles have one; a person's access key has none. */
  readonly sessionToken?: string;
}

/** Whose access key is whose. */
export interface CredentialRegistry {
  /** The same credentials each time, for a role's ARN or for `rehearsal`, the person at the console. */
  credentialsFor(principal: string): Credentials;
  /** New ones for a role, good until then (epoch milliseconds). */
  issue(principal: string, session: string, expiresAt: number): Credentials;
  find(accessKeyId: string): Bearer | undefined;
}

export interface Bearer {
  readonly principal: string;
  readonly credentials: Credentials;
  readonly session?: string;
  readonly expired: boolean;
}

/** The person at the console, who may do anything. */
export const person = 'rehearsal';

type Issued = Omit<Bearer, 'expired'> & { readonly expiresAt: number };

/** Makes credentials that are worth nothing anywhere else. */
export function createCredentials(clock: Clock = systemClock): CredentialRegistry {
  const byPrincipal = new Map<string, Credentials>();
  const bearers = new Map<string, Issued>();
  return {
    credentialsFor(principal) {
      const known = byPrincipal.get(principal);
      if (known) return known;
      const made = makeCredentials(principal);
      byPrincipal.set(principal, made);
      bearers.set(made.accessKeyId, { principal, credentials: made, expiresAt: Infinity });
      return made;
    },
    issue(principal, session, expiresAt) {
      const made = makeCredentials(principal, randomUUID());
      bearers.set(made.accessKeyId, { principal, credentials: made, session, expiresAt });
      return made;
    },
    find(accessKeyId) {
      const found = bearers.get(accessKeyId);
      if (!found) return undefined;
      const { expiresAt, ...bearer } = found;
      return { ...bearer, expired: expiresAt <= clock.now() };
    },
  };
}

function makeCredentials(principal: string, session = ''): Credentials {
  const id = createHash('sha256')
    .update(principal + session)
    .digest('hex')
    .slice(0, 16)
    .toUpperCase();
  const keys = { secretAccessKey: randomBytes(30).toString('base64') };
  if (principal === person) return { accessKeyId: `AKIA${id}`, ...keys };
  return { accessKeyId: `ASIA${id}`, ...keys, sessionToken: randomBytes(96).toString('base64') };
}
