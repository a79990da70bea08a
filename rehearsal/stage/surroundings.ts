import type { RequestListener } from 'node:http';
import type { BaseImage } from '../cache/ensure-base-image.ts';
import { createCertificateAuthority, type CertificateAuthority } from '../host/real/certificate-authority.ts';
import { startGatewayFront, type NamedHandlers } from '../host/real/gateway-front.ts';
import type { RealHostOptions } from '../host/real/host-options.ts';
import { startPackageHost } from '../host/real/package-host.ts';
import { RealHost } from '../host/real/real-host.ts';
import { startRegistry } from '../host/real/registry.ts';
import type { AskRegistryFault } from '../host/real/registry-fault.ts';
import { createRegistryFront, type PasswordCheck } from '../host/real/registry-front.ts';
import { startManagedDatabase, type ManagedDatabase } from '../managed-database/managed-database.ts';
import type { CleanUp } from './clean-up.ts';
import { closeServer } from './close-server.ts';

export type BareHost = Omit<RealHostOptions, 'extraHosts' | 'trustedAuthority'>;

export interface SurroundingsOptions {
  readonly image: BaseImage;
  readonly hosts: readonly [BareHost, ...BareHost[]];
  /** What a host calls ECR's registry and AWS by: /etc/hosts leads these names to its gateway. */
  readonly registryName: string;
  readonly awsNames: readonly string[];
  /** Hears of each push. */
  readonly notifyUrl: string;
  /** What goes wrong between a host and the registry. */
  readonly registryFault?: AskRegistryFault;
  /** Whether there is a managed database. */
  readonly database: boolean;
  readonly signal?: AbortSignal;
}

/** Bare hosts and all the world they know: package host, registry, AWS's names, a managed database. */
export class Surroundings {
  /** In the order they were asked for. */
  readonly hosts: RealHost[] = [];
  /** Where any client may push. */
  readonly registryUrl: string;
  database: ManagedDatabase | undefined;
  readonly #options: SurroundingsOptions;
  readonly #authority: CertificateAuthority;
  readonly #cleanUp: CleanUp;
  #handlers: NamedHandlers | undefined;

  private constructor(
    options: SurroundingsOptions,
    registryUrl: string,
    authority: CertificateAuthority,
    cleanUp: CleanUp,
  ) {
    this.registryUrl = registryUrl;
    this.#options = options;
    this.#authority = authority;
    this.#cleanUp = cleanUp;
  }

  /** Each part is given to `cleanUp` as soon as it is begun. */
  static async create(options: SurroundingsOptions, cleanUp: CleanUp): Promise<Surroundings> {
    const { image, signal } = options;
    const registry = await startRegistry(image.folder, options.notifyUrl);
    cleanUp.add(() => registry.close());
    const authority = await createCertificateAuthority(image.folder, namesOf(options));
    const surroundings = new Surroundings(options, registry.url, authority, cleanUp);
    surroundings.hosts.push(...(await Promise.all(options.hosts.map((host) => surroundings.#boot(host)))));
    signal?.throwIfAborted();
    if (options.database) await surroundings.#startDatabase();
    signal?.throwIfAborted();
    return surroundings;
  }

  /** Lets the hosts call AWS and pull from the registry, both under their own names. */
  async open(aws: RequestListener, isValidPassword: PasswordCheck): Promise<void> {
    const { registryName, awsNames, registryFault } = this.#options;
    this.#handlers = {
      ...Object.fromEntries(awsNames.map((name) => [name, aws])),
      [registryName]: createRegistryFront(this.registryUrl, isValidPassword, registryFault),
    };
    for (const host of this.hosts) await this.#openTo(host, this.#handlers);
  }

  /** A host that comes later finds what the others have. */
  async addHost(options: BareHost): Promise<RealHost> {
    const host = await this.#boot(options);
    if (this.#handlers) await this.#openTo(host, this.#handlers);
    this.hosts.push(host);
    return host;
  }

  async #boot(options: BareHost): Promise<RealHost> {
    const { image } = this.#options;
    const booting = RealHost.create(image, {
      ...options,
      extraHosts: Object.fromEntries(namesOf(this.#options).map((name) => [name, null])),
      trustedAuthority: this.#authority.authority,
    });
    this.#cleanUp.add(() =>
      booting.then(
        (host) => host.destroy(),
        () => 'it has undone itself',
      ),
    );
    const host = await booting;
    const packages = await startPackageHost(image.packages, host.gatewayAddress);
    this.#cleanUp.add(() => closeServer(packages));
    return host;
  }

  async #openTo(host: RealHost, handlers: NamedHandlers): Promise<void> {
    const gateway = await startGatewayFront(host.gatewayAddress, this.#authority.server, handlers);
    this.#cleanUp.add(() => closeServer(gateway));
  }

  /** At the first host's gateway, which the others reach too. */
  async #startDatabase(): Promise<void> {
    const imageFolder = this.#options.image.folder;
    const database = await startManagedDatabase({ imageFolder, address: this.hosts[0]!.gatewayAddress });
    this.#cleanUp.add(() => database.close());
    this.database = database;
  }
}

const namesOf = ({ registryName, awsNames }: SurroundingsOptions) => [registryName, ...awsNames];
