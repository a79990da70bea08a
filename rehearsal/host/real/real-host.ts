import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseImage } from '../../cache/ensure-base-image.ts';
import type { RehearsalHost, ScriptResult, ScriptRun } from '../host.ts';
import { claimAddresses, type HostAddresses } from './addresses.ts';
import { createBlockVolume, type BlockVolume } from './block-volume.ts';
import { createHostFolder, type HostFolder } from './host-folder.ts';
import type { RealHostOptions } from './host-options.ts';
import { awaitBooted, bootHost, enterHost, type Boot } from './machine.ts';
import { startMetadataService, type MetadataService } from './metadata-service.ts';
import { runCommand } from './run-command.ts';
import { runAsAgent } from './run-script.ts';
import { writeSeed } from './seed.ts';

const script = (name: string): string => join(import.meta.dirname, name);

/** What a host consists of on this machine, beside its running processes. */
interface Parts {
  readonly addresses: HostAddresses;
  readonly folder: HostFolder;
  readonly metadata: MetadataService;
  readonly volume: BlockVolume | undefined;
  /** Removes what the host leaves, when told or when this process dies. */
  readonly remover: ChildProcess;
}

/** A pretend EC2 instance: namespaces of this machine with systemd as PID 1 over a bare Debian. Needs root. */
export class RealHost implements RehearsalHost {
  readonly kind = 'real';
  readonly architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  readonly #options: RealHostOptions;
  readonly #parts: Parts;
  #boot: Boot | undefined;

  private constructor(options: RealHostOptions, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
  }

  static async create(image: BaseImage, options: RealHostOptions): Promise<RealHost> {
    const host = new RealHost(options, await assemble(image, options));
    try {
      if (options.volume?.attached) await host.#noteAttachment();
      await host.boot();
      return host;
    } catch (error) {
      await host.destroy();
      throw error;
    }
  }

  get instanceId(): string {
    return this.#options.instanceId;
  }
  get availabilityZone(): string {
    return this.#options.availabilityZone;
  }
  get tags(): Readonly<Record<string, string>> {
    return this.#options.tags;
  }
  /** Where this machine reaches the host's ports. */
  get address(): string {
    return this.#parts.addresses.host;
  }
  /** Where the host reaches servers of this machine, and nothing else. */
  get gatewayAddress(): string {
    return this.#parts.addresses.gateway;
  }

  runScript(run: ScriptRun): Promise<ScriptResult> {
    const { instanceId, region } = this.#options;
    return runAsAgent({ pid: this.#pid, instanceId, region }, run);
  }

  /** For inspection: runs a program on the host as root and gives its stdout. */
  exec(command: readonly string[]): Promise<string> {
    const environment = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'DEBIAN_FRONTEND=noninteractive'];
    return runCommand('nsenter', [...enterHost(this.#pid), ...environment, ...command]);
  }

  async attachVolume(volumeId: string): Promise<void> {
    if (this.#parts.volume?.options.volumeId !== volumeId) throw new Error(`No volume ${volumeId} for ${this.instanceId}`);
    await this.#noteAttachment();
    await runCommand('sh', ['./attach-volume.sh', `/proc/${this.#pid}/root`], { cwd: this.#parts.folder.path });
    await this.exec(['sh', '-c', 'udevadm control --reload && udevadm trigger --settle $(cat /run/udev/coldplug)']);
  }

  async boot(): Promise<void> {
    const { folder, addresses, metadata } = this.#parts;
    const wire = (pid: number) =>
      runCommand('sh', [script('connect.sh'), String(addresses.index), String(pid), metadata.namespace]);
    this.#boot = await bootHost(folder.name, folder.path, wire);
    await awaitBooted(this.#boot.pid);
  }

  /** As if the power went, without warning. The disks keep what was written. */
  async kill(): Promise<void> {
    const boot = this.#boot;
    this.#boot = undefined;
    if (!boot) return;
    boot.launcher.kill('SIGKILL');
    await boot.ended;
  }

  async reboot(): Promise<void> {
    await this.kill();
    await this.boot();
  }

  async destroy(): Promise<void> {
    await this.kill();
    this.#parts.metadata.close();
    this.#parts.remover.stdin?.end();
    await once(this.#parts.remover, 'exit');
    this.#parts.addresses.release();
  }

  get #pid(): number {
    if (!this.#boot) throw new Error(`The rehearsal host ${this.instanceId} is down`);
    return this.#boot.pid;
  }

  async #noteAttachment(): Promise<void> {
    const { volume, folder } = this.#parts;
    await writeFile(folder.attached, `${volume?.options.volumeId} ${volume?.loop}\n`);
  }
}

async function assemble(image: BaseImage, options: RealHostOptions): Promise<Parts> {
  const addresses = await claimAddresses();
  const folder = await createHostFolder(image, addresses);
  const remover = startRemover(folder, addresses);
  const [volume, metadata] = await Promise.all([
    options.volume && createBlockVolume(folder.volume, options.volume, image.folder),
    startMetadataService(options),
    writeSeed(folder.seed, folder.name, options, addresses, image),
  ]);
  return { addresses, folder, metadata, volume, remover };
}

function startRemover(folder: HostFolder, addresses: HostAddresses): ChildProcess {
  const args = [script('remove-host.sh'), folder.name, folder.path, `edgepaas${addresses.index}`];
  return spawn('sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}
