import type { ChildProcess, StdioOptions } from 'node:child_process';
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
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get port(): number {
    return this.#options.port;
  }

  async start(): Promise<void> {
    if (this.#launcher) return;
    const { imageFolder, folder } = this.#options;
    const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
    const launcher = startTool(imageFolder, folder, this.#command(), stdio, namespaces);
    this.#launcher = launcher;
    launcher.once('error', (error) => this.#waiting?.reject(error));
    launcher.once('close', () => this.#noteEnd());
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
    const user = ['--reuid=postgres', '--regid=postgres', '--clear-groups', '--pdeathsig', 'KILL'];
    const listen = [`--listen_addresses=${addresses.join(',')}`, `--port=${port}`];
    const files = ['-D', '/mnt/data', '--config_file=/mnt/postgresql.conf'];
    return ['setpriv', ...user, `${programs}/postgres`, ...files, ...listen];
  }

  /** All its processes are gone, and their sockets with them, when the launcher has seen the first one end. */
  async stop(): Promise<void> {
    const launcher = this.#launcher;
    if (!launcher) return;
    const ended = once(launcher, 'close');
    const first = this.#firstProcess();
    if (first) process.kill(first, 'SIGKILL');
    else launcher.kill('SIGKILL'); // it has not come that far, or has just ended
    await ended;
  }

  async killBackend(pid: number): Promise<void> {
    const answers = this.#answers();
    await Promise.all([answers, this.#kill('KILL', pid)]);
  }

  /** To every process: to the first from here, as it is out of reach for the others, and before them, as it makes them. */
  async signal(name: 'STOP' | 'CONT'): Promise<void> {
    const first = this.#firstProcess();
    if (first) process.kill(first, `SIG${name}`);
    await this.#kill(name, -1);
  }

  /** By a pid that the server's own namespace knows. */
  async #kill(name: string, pid: number): Promise<void> {
    if (!this.#launcher) throw new Error('PostgreSQL is stopped');
    const inside = ['--target', `${this.#firstProcess()}`, '--pid'];
    await runCommand('nsenter', [...inside, 'sh', '-c', 'kill -s "$1" -- "$2"', 'sh', name, `${pid}`]);
  }

  /** Of its namespace, by the pid that this machine knows. */
  #firstProcess(): number | undefined {
    try {
      const { pid } = this.#launcher!;
      return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()) || undefined;
    } catch {
      return undefined; // the launcher has ended
    }
  }

  #noteEnd(): void {
    this.#launcher = undefined;
    this.#waiting?.reject(new Error(`PostgreSQL ended:\n${this.log.slice(-8).join('\n')}`));
  }

  #note(line: string): void {
    this.log.push(line);
    this.log.splice(0, this.log.length - keptLines);
    if (line.includes('database system is ready to accept connections')) this.#waiting?.resolve();
    // With several addresses, PostgreSQL would do with one of them.
    if (/could not (bind|create listen socket)/.test(line)) this.#waiting?.reject(new PortTakenError(line));
  }

  /** The next time that the server says it answers. */
  #answers(): Promise<void> {
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }
}
