import { createHash, randomBytes } from 'node:crypto';

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
  find(accessKeyId: string): { readonly principal: string; readonly credentials: Credentials } | undefined;
}

/** The person at the console, who may do anything. */
export const person = 'rehearsal';

/** Makes credentials that are worth nothing anywhere else. */
export function createCredentials(): CredentialRegistry {
  const byPrincipal = new Map<string, Credentials>();
  const principals = new Map<string, string>();
  return {
    credentialsFor(principal) {
      const known = byPrincipal.get(principal);
      if (known) return known;
      const made = makeCredentials(principal);
      byPrincipal.set(principal, made);
      principals.set(made.accessKeyId, principal);
      return made;
    },
    find(accessKeyId) {
      const principal = principals.get(accessKeyId);
      const credentials = principal === undefined ? undefined : byPrincipal.get(principal);
      return principal === undefined || !credentials ? undefined : { principal, credentials };
    },
  };
}

function makeCredentials(principal: string): Credentials {
  const id = createHash('sha256').update(principal).digest('hex').slice(0, 16).toUpperCase();
  const keys = { secretAccessKey: randomBytes(30).toString('base64') };
  if (principal === person) return { accessKeyId: `AKIA${id}`, ...keys };
  return { accessKeyId: `ASIA${id}`, ...keys, sessionToken: randomBytes(96).toString('base64') };
}
