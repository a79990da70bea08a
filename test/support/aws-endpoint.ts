import type { DeployedStack } from '../../rehearsal/assembly-types.ts';
import { createAuthorizer } from '../../rehearsal/aws/authorize.ts';
import type { WireService } from '../../rehearsal/aws/service.ts';
import { createCredentials, person } from '../../rehearsal/aws/wire-credentials.ts';
import { createWire, type WireCall, type WireOptions } from '../../rehearsal/aws/wire.ts';

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

/** The wire endpoint on a free port, over these services. */
export async function startEndpoint(
  stack: DeployedStack,
  services: readonly WireService[],
  routes: WireOptions['routes'] = [],
): Promise<TestEndpoint> {
  const credentials = createCredentials();
  const calls: WireCall[] = [];
  const onCall = (call: WireCall) => void calls.push(call);
  const wire = createWire({ services, credentials, authorizer: createAuthorizer(stack), onCall, routes });
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
