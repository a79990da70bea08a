import type { DeployedStack } from '../../rehearsal/assembly-types.ts';
import { createAuthorizer } from '../../rehearsal/aws/authorize.ts';
import type { WireService } from '../../rehearsal/aws/service.ts';
import { createCredentials, person, type CredentialRegistry } from '../../rehearsal/aws/wire-credentials.ts';
import { createWire, type WireCall, type WireOptions } from '../../rehearsal/aws/wire.ts';
import { systemClock, type Clock } from '../../rehearsal/clock.ts';

export interface TestEndpoint {
  readonly url: string;
  readonly calls: WireCall[];
  /** Settings for any SDK client, acting as a role's ARN or as the person at the console. */
  as(principal?: string): ClientSettings;
  close(): Promise<void>;
}

export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly maxAttempts: number;
  readonly credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** The wire endpoint on a free port, over these services; one that gives credentials is made with where they are known. */
export async function startEndpoint(
  stack: DeployedStack,
  given: readonly WireService[] | ((credentials: CredentialRegistry) => readonly WireService[]),
  routes: WireOptions['routes'] = [],
  clock: Clock = systemClock,
  fault?: WireOptions['fault'],
): Promise<TestEndpoint> {
  const credentials = createCredentials(clock);
  const services = typeof given === 'function' ? given(credentials) : given;
  const calls: WireCall[] = [];
  const onCall = (call: WireCall) => void calls.push(call);
  const authorizer = createAuthorizer(stack);
  const wire = createWire({ services, credentials, authorizer, onCall, routes, fault });
  const { url, close } = await wire.listen();
  return {
    url,
    calls,
    close,
    as: (principal = person) => ({
      endpoint: url,
      region: stack.region,
      maxAttempts: 1,
      credentials: credentials.credentialsFor(principal),
    }),
  };
}
