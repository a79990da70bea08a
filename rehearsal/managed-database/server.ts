import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { startTool } from '../cache/tools.ts';
import { runCommand } from '../host/real/run-command.ts';
import { programs } from './cluster.ts';
import { PortTakenError } from './port-taken-error.ts';

export interface ServerOptions {
  readonly imageFolder: string;
  readonly folder: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

/** Its processes end with the first of them, and its shared memory goes with them. */
const namespaces = ['--ipc', '--pid', '--fork', '--kill-child=KILL'];
const keptLines = 2000;

/** One cluster's server, which can be killed and started again. */
export class DatabaseServer {
  readonly log: string[] = [];
  readonly #options: ServerOptions;
  #launcher: ChildProcess | undefined;
  #listen: (line: string) => void = () => {};

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#options.port;
  }

  async start(): Promise<void> {
    if (this.#launcher) return;
    const { imageFolder, folder } = this.#options;
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    const launcher = startTool(imageFolder, folder, this.#command(), [...stdio], namespaces);
    this.#launcher = launcher;
    launcher.once('exit', () => {
      if (this.#launcher === launcher) this.#launcher = undefined;
    });
    createInterface({ input: launcher.stderr! }).on('line', (line) => this.#note(line));
    try {
      await this.#answers();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Again the parent's death is the child's: the kernel forgets that wish where a process becomes another user's. */
  #command(): string[] {
    const { addresses, port } = this.#options;
    const asPostgres = [
      '--reuid',
      'postgres',
      '--regid',
      'postgres',
      '--clear-groups',
      '--pdeathsig',
      'KILL',
    ];
    const listen = [`--listen_addresses=${addresses.join(',')}`, `--port=${port}`];
    const files = ['-D', '/mnt/data', '--config_file=/mnt/postgresql.conf'];
    return ['setpriv', ...asPostgres, `${programs}/postgres`, ...files, ...listen];
  }

  /** All its processes are gone, and their sockets with them, when the launcher has seen the first one end. */
  async stop(): Promise<void> {
    const launcher = this.#launcher;
    if (!launcher) return;
    const ended = once(launcher, 'exit');
    const first = this.#firstProcess();
    if (first) process.kill(first, 'SIGKILL');
    else launcher.kill('SIGKILL'); // it has not come that far, or has just ended
    await ended;
  }

  async killBackend(pid: number): Promise<void> {
    const answers = this.#answers();
    const inside = ['--target', `${this.#firstProcess()}`, '--pid'];
    await Promise.all([answers, runCommand('nsenter', [...inside, 'kill', '-KILL', `${pid}`])]);
  }

  /** Of its namespace, by the pid that this machine knows. */
  #firstProcess(): number | undefined {
    const launcher = this.#launcher?.pid;
    const children = readFileSync(`/proc/${launcher}/task/${launcher}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children);
  }

  #note(line: string): void {
    this.log.push(line);
    this.log.splice(0, this.log.length - keptLines);
    this.#listen(line);
  }

  /** The next time that the server says it answers. */
  #answers(): Promise<void> {
    const launcher = this.#launcher;
    return new Promise<void>((resolve, reject) => {
      const fail = (message: string) => reject(new Error(`PostgreSQL ${message}`));
      if (!launcher) return fail('is stopped');
      launcher.once('error', reject);
      launcher.once('close', () => fail(`ended: ${this.log.slice(-8).join('\n')}`));
      this.#listen = (line) => {
        if (line.includes('database system is ready to accept connections')) resolve();
        else if (/could not (bind|create listen socket)/.test(line)) reject(new PortTakenError(line));
      };
    });
  }
}
