import { randomUUID } from 'node:crypto';
import { phases } from '../../contracts/phases/index.ts';
import { receipt, type Receipt } from '../../contracts/receipt.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { composeScript } from '../../lib/compose-script.ts';
import { type BaseImage, ensureBaseImage } from '../cache/ensure-base-image.ts';
import type { ScriptResult } from '../host/host.ts';
import type { RealHostOptions, VolumeOptions } from '../host/real/host-options.ts';
import type { RealHost } from '../host/real/real-host.ts';
import { buildImage } from '../images/build-image.ts';
import type { Image, ImageSpec } from '../images/image.ts';
import { pushImage } from '../images/push-image.ts';
import type { ManagedDatabase } from '../managed-database/managed-database.ts';
import { CleanUp } from '../stage/clean-up.ts';
import { Surroundings } from '../stage/surroundings.ts';
import { answerAsAws, awsNames, password, registryName, type Parameters } from './aws-answers.ts';

export const volumeId = 'vol-0123456789abcdef0';

export interface PhaseRun {
  readonly receipt: Receipt;
  readonly result: ScriptResult;
}

export type Values = Readonly<Record<string, string>>;

export interface PhaseHostOptions {
  readonly volume?: Partial<VolumeOptions>;
  /** A managed database that the host and its containers reach. */
  readonly database?: boolean;
  /** Another one than Debian's. */
  readonly image?: BaseImage;
}

/** A bare host with all it needs around it, on which phases are run by their composed scripts and nothing else. */
export class PhaseHost {
  /** The app's parameters below /edgepaas/web. */
  readonly parameters: Parameters = {};
  dockerKeyFingerprint = '';
  readonly #cleanUp = new CleanUp();
  #surroundings: Surroundings | undefined;

  static async create(options: PhaseHostOptions = {}): Promise<PhaseHost> {
    const phaseHost = new PhaseHost();
    try {
      await phaseHost.#start(options);
      return phaseHost;
    } catch (error) {
      await phaseHost.close();
      throw error;
    }
  }

  get host(): RealHost {
    return this.#surroundings!.hosts[0]!;
  }

  get database(): ManagedDatabase {
    const { database } = this.#surroundings!;
    if (!database) throw new Error('PhaseHost.create() was not asked for a database');
    return database;
  }

  async #start({ volume, database = false, image: given }: PhaseHostOptions): Promise<void> {
    const image = given ?? (await ensureBaseImage());
    this.dockerKeyFingerprint = image.dockerKeyFingerprint;
    const notifyUrl = 'http://127.0.0.1:9/';
    this.#surroundings = await Surroundings.create(
      { image, hosts: [hostOptions(volume)], registryName, awsNames, notifyUrl, database },
      this.#cleanUp,
    );
    await this.#surroundings.open(answerAsAws(this.parameters), (given) => given === password);
  }

  /** Runs a phase as the agent would, and parses what it prints as its receipt. */
  async run(phase: PhaseName, values: Values): Promise<PhaseRun> {
    const result = await this.start(phase, values);
    return { receipt: receipt.parse(JSON.parse(result.stdout)), result };
  }

  /** A run that must end well; its facts, checked against the phase's contract. */
  async finish(phase: PhaseName, values: Values): Promise<Record<string, unknown>> {
    const { receipt, result } = await this.run(phase, values);
    if (receipt.result !== 'failed') return phases[phase].facts.parse(receipt.facts);
    throw new Error(`${phase}: ${receipt.failure}: ${receipt.cause}\n${result.stderr}`);
  }

  /** `variables` are more of its environment than the agent gives it. */
  start(
    phase: PhaseName,
    values: Values,
    timeoutSeconds = 120,
    variables: Values = {},
  ): Promise<ScriptResult> {
    const parameters = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [`SSM_${name}`, value]),
    );
    return this.host.runScript({
      documentName: phase,
      stepName: phase,
      commandId: randomUUID(),
      script: composeScript(phase),
      environment: { ...parameters, ...variables },
      timeoutSeconds,
    });
  }

  async push(what: ImageSpec | Image): Promise<Image> {
    const image = 'blobs' in what ? what : await buildImage(what);
    await pushImage({
      image,
      registry: this.#surroundings!.registryUrl,
      repository: 'web',
      tag: image.spec.buildVersion,
    });
    return image;
  }

  /** The output of a shell command on the host. */
  async shell(command: string): Promise<string> {
    return (await this.host.exec(['bash', '-c', command])).trim();
  }

  /** A program that is not ours listens on a port, until the unit `occupier` is stopped. */
  async occupy(port: number): Promise<void> {
    const listen = `my $socket = IO::Socket::INET->new(LocalPort => ${port}, Listen => 1, ReuseAddr => 1) or die; sleep`;
    await this.shell(`systemd-run -q --unit occupier perl -MIO::Socket::INET -e '${listen}'
      for i in $(seq 100); do ss -Hltn 'sport = :${port}' | grep -q . && exit; sleep 0.05; done; exit 1`);
  }

  close = () => this.#cleanUp.run();
}

function hostOptions(volume: Partial<VolumeOptions> = {}): RealHostOptions {
  return {
    instanceId: 'i-0123456789abcdef0',
    region: 'eu-central-1',
    availabilityZone: 'eu-central-1a',
    accountId: '123456789012',
    tags: {},
    volume: { volumeId, sizeGiB: 2, content: 'blank', attached: true, ...volume },
    instanceProfile: {
      roleName: 'host',
      credentials: () => ({
        AccessKeyId: 'ASIAEXAMPLE',
        SecretAccessKey: 'secret/example+key=',
        Token: 'token',
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    },
  };
}
