import type { RequestListener } from 'node:http';
import type { BaseImage } from '../cache/ensure-base-image.ts';
import { createCertificateAuthority, type CertificateAuthority } from '../host/real/certificate-authority.ts';
import { startGatewayFront } from '../host/real/gateway-front.ts';
import type { RealHostOptions } from '../host/real/host-options.ts';
import { startPackageHost } from '../host/real/package-host.ts';
import { RealHost } from '../host/real/real-host.ts';
import { startRegistry, type Registry } from '../host/real/registry.ts';
import { createRegistryFront, type PasswordCheck } from '../host/real/registry-front.ts';
import { startManagedDatabase, type ManagedDatabase } from '../managed-database/managed-database.ts';
import type { CleanUp } from './clean-up.ts';
import { closeServer } from './close-server.ts';

export interface SurroundingsOptions {
  readonly image: BaseImage;
  readonly host: Omit<RealHostOptions, 'extraHosts' | 'trustedAuthority'>;
  /** What a host calls ECR's registry and AWS by: /etc/hosts leads these names to the gateway. */
  readonly registryName: string;
  readonly awsNames: readonly string[];
  /** Hears of each push. */
  readonly notifyUrl: string;
  /** Whether there is a managed database. */
  readonly database: boolean;
  readonly signal?: AbortSignal;
}

/** A bare host and all the world it knows: package host, registry, AWS's names, a managed database. */
export class Surroundings {
  readonly host: RealHost;
  readonly database: ManagedDatabase | undefined;
  /** Where any client may push. */
  readonly registryUrl: string;
  readonly #options: SurroundingsOptions;
  readonly #authority: CertificateAuthority;
  readonly #cleanUp: CleanUp;

  private constructor(
    options: SurroundingsOptions,
    parts: Pick<Surroundings, 'host' | 'database' | 'registryUrl'>,
    authority: CertificateAuthority,
    cleanUp: CleanUp,
  ) {
    this.host = parts.host;
    this.database = parts.database;
    this.registryUrl = parts.registryUrl;
    this.#options = options;
    this.#authority = authority;
    this.#cleanUp = cleanUp;
  }

  /** Each part is given to `cleanUp` as soon as it is there. */
  static async create(options: SurroundingsOptions, cleanUp: CleanUp): Promise<Surroundings> {
    const { image, registryName, awsNames, signal } = options;
    const names = [registryName, ...awsNames];
    const registry: Registry = await startRegistry(image.folder, options.notifyUrl);
    cleanUp.add(() => registry.close());
    const authority = await createCertificateAuthority(image.folder, names);
    const host = await RealHost.create(image, {
      ...options.host,
      extraHosts: Object.fromEntries(names.map((name) => [name, null])),
      trustedAuthority: authority.authority,
    });
    cleanUp.add(() => host.destroy());
    signal?.throwIfAborted();
    const packages = await startPackageHost(image.packages, host.gatewayAddress);
    cleanUp.add(() => closeServer(packages));
    const database = options.database ? await startDatabase(image, host, cleanUp) : undefined;
    signal?.throwIfAborted();
    return new Surroundings(options, { host, database, registryUrl: registry.url }, authority, cleanUp);
  }

  /** Lets the host call AWS and pull from the registry, both under their own names. */
  async open(aws: RequestListener, isValidPassword: PasswordCheck): Promise<void> {
    const { registryName, awsNames } = this.#options;
    const gateway = await startGatewayFront(this.host.gatewayAddress, this.#authority.server, {
      ...Object.fromEntries(awsNames.map((name) => [name, aws])),
      [registryName]: createRegistryFront(this.registryUrl, isValidPassword),
    });
    this.#cleanUp.add(() => closeServer(gateway));
  }
}

async function startDatabase(image: BaseImage, host: RealHost, cleanUp: CleanUp): Promise<ManagedDatabase> {
  const database = await startManagedDatabase({ imageFolder: image.folder, address: host.gatewayAddress });
  cleanUp.add(() => database.close());
  return database;
}
