import { EventEmitter } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BaseImage } from '../../cache/ensure-base-image.ts';
import {
  HostDownError,
  type RehearsalHost,
  type RunningScript,
  type ScriptResult,
  type ScriptRun,
} from '../host.ts';
import { copyDisk } from './copy-disk.ts';
import type { RealHostOptions } from './host-options.ts';
import { runInside, runToEnd, type Ended } from './enter-host.ts';
import { createHostParts, type HostParts } from './host-parts.ts';
import { awaitBooted, bootHost, type Boot } from './machine.ts';
import { cutOrMend, Reach } from './reach.ts';
import { runCommand } from './run-command.ts';
import { runAsAgent } from './run-script.ts';

const inspectionEnvironment = [
  'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'DEBIAN_FRONTEND=noninteractive',
];

/** A pretend EC2 instance: namespaces of this machine with systemd as PID 1 over a bare Debian. Needs root. */
export class RealHost implements RehearsalHost {
  readonly kind = 'real';
  readonly architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
  readonly instanceId: string;
  readonly availabilityZone: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Where this machine reaches the host's ports. */
  readonly address: string;
  /** Where the host reaches servers of this machine, and nothing else. */
  readonly gatewayAddress: string;
  readonly #options: RealHostOptions;
  readonly #parts: HostParts;
  readonly #scripts = new EventEmitter<{ started: [RunningScript] }>();
  readonly #reach = new Reach();
  #boot: Promise<Boot> | undefined;
  #reboots = 0;

  private constructor(options: RealHostOptions, parts: HostParts) {
    this.instanceId = options.instanceId;
    this.availabilityZone = options.availabilityZone;
    this.tags = options.tags;
    this.address = parts.addresses.host;
    this.gatewayAddress = parts.addresses.gateway;
    this.#options = options;
    this.#parts = parts;
  }

  static async create(image: BaseImage, options: RealHostOptions): Promise<RealHost> {
    const host = new RealHost(options, await createHostParts(image, options));
    try {
      if (options.volume?.attached) await host.#noteAttachment();
      await host.boot();
      return host;
    } catch (error) {
      await host.destroy();
      throw error;
    }
  }

  async runScript(run: ScriptRun): Promise<ScriptResult> {
    const boot = this.#boot;
    const { pid } = await this.#running();
    const name = this.#parts.folder.name;
    const result = await runAsAgent(
      { name, pid, instanceId: this.instanceId, region: this.#options.region },
      run,
      (script) => void this.#scripts.emit('started', script),
    );
    if (this.#boot !== boot)
      throw new HostDownError(`${this.instanceId} went down while ${run.stepName} ran`);
    return result;
  }

  /** Told of each script as it starts; the answer ends that. */
  onScript(listener: (script: RunningScript) => void): () => void {
    this.#scripts.on('started', listener);
    return () => void this.#scripts.off('started', listener);
  }

  onReach(listener: (reaches: boolean) => void): void {
    this.#reach.onChange(listener);
  }

  get isBooting(): boolean {
    return this.#reboots > 0 || (this.#boot !== undefined && !this.#reach.isUp);
  }

  /** For inspection: runs a program on the host as root and gives its stdout. */
  async exec(command: readonly string[]): Promise<string> {
    const { pid } = await this.#running();
    return runInside(pid, ['env', '-i', ...inspectionEnvironment, ...command]);
  }

  /** Runs a program on the host as root with this environment alone, to its end, whatever that is. */
  async run(command: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> {
    const { pid } = await this.#running();
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    return runToEnd(pid, ['env', '-i', ...variables, ...command]);
  }

  /** Until it is mended by the answer, also across a reboot, nothing that the host sends to AWS or its package hosts arrives. */
  async cutFromAws(): Promise<() => Promise<void>> {
    this.#reach.setCut(true);
    const boot = await this.#boot;
    if (boot) await cutOrMend(boot.pid, 'cut');
    return async () => {
      this.#reach.setCut(false);
      const boot = await this.#boot;
      if (boot) await cutOrMend(boot.pid, 'mend');
    };
  }

  async attachVolume(volumeId: string): Promise<void> {
    const { volume, folder } = this.#parts;
    if (volume?.options.volumeId !== volumeId)
      throw new Error(`${this.instanceId} has no volume ${volumeId}`);
    const { pid } = await this.#running();
    await this.#noteAttachment();
    await runCommand('sh', ['./attach-volume.sh', `/proc/${pid}/root`], { cwd: folder.path });
    await this.exec([
      'sh',
      '-c',
      'udevadm control --reload; udevadm trigger --settle $(cat /run/udev/coldplug)',
    ]);
  }

  /** Starts a host that is down. */
  async boot(): Promise<void> {
    this.#boot ??= this.#start();
    await this.#boot;
  }

  /** As if its power went. The disks keep what was written. */
  async kill(): Promise<void> {
    const booting = this.#boot;
    this.#boot = undefined;
    this.#reach.setUp(false);
    const boot = await booting?.catch(() => undefined); // a boot that failed has left nothing running
    boot?.stop();
    await boot?.ended;
  }

  /** Of a host that is down: what others may begin with. */
  async copyDisks(folder: string): Promise<void> {
    const { path } = this.#parts.folder;
    // Its file systems are unmounted soon after its last process, which is when the loop device of its root disk goes.
    const isMounted = () => runCommand('losetup', ['--associated', join(path, 'disk.img')]);
    while (await isMounted()) await sleep(20);
    for (const disk of ['disk.img', 'volume.img']) await copyDisk(join(path, disk), join(folder, disk));
  }

  async reboot(): Promise<void> {
    this.#reboots += 1;
    try {
      await this.kill();
      await this.boot();
    } finally {
      this.#reboots -= 1;
    }
  }

  async destroy(): Promise<void> {
    await this.kill();
    await this.#parts.remove();
  }

  async #start(): Promise<Boot> {
    const { folder, addresses, metadata } = this.#parts;
    const boot = await bootHost(folder.name, folder.path, async (pid) => {
      const connect = join(import.meta.dirname, 'connect.sh');
      await runCommand('sh', [connect, `${addresses.index}`, `${pid}`, metadata.namespace]);
      if (this.#reach.isCut) await cutOrMend(pid, 'cut');
    });
    const starting = this.#boot;
    void boot.ended.then(({ wantsReboot }) => this.#goDown(starting, wantsReboot));
    try {
      await awaitBooted(boot.pid);
      if (this.#boot === starting) this.#reach.setUp(true);
      return boot;
    } catch (error) {
      boot.stop();
      throw error;
    }
  }

  /** It went down of itself: `systemctl reboot` or `systemctl poweroff`. */
  #goDown(boot: Promise<Boot> | undefined, wantsReboot: boolean): void {
    if (this.#boot !== boot) return;
    this.#reach.setUp(false);
    this.#boot = wantsReboot ? this.#start() : undefined;
    this.#boot?.catch(() => {}); // whoever asks something of the host is told
  }

  async #running(): Promise<Boot> {
    if (!this.#boot) throw new HostDownError(`${this.instanceId} is down`);
    return this.#boot;
  }

  async #noteAttachment(): Promise<void> {
    const { volume, folder } = this.#parts;
    await writeFile(folder.attached, `${volume?.options.volumeId} ${volume?.loop}\n`);
  }
}
