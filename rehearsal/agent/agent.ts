import { sleep, type Clock } from '../clock.ts';
import type { RehearsalHost } from '../host/host.ts';
import { reportCrash, runDocument, type AgentCommand } from './run-document.ts';
import type { StepResult } from './step-result.ts';

/** At most so many commands run at once on one host. Source: the agent's CommandWorkersLimit. */
const workers = 5;
/** Milliseconds after an agent's return until it gives up a command whose worker is gone. */
const recoveryMs = 60_000;

/** The SSM agent of one host: takes commands, runs them through the host, reports. */
export interface Agent {
  readonly host: RehearsalHost;
  readonly version: string;
  /** What DescribeInstanceInformation says; a host that lost its connection gets no commands until it is back. */
  readonly pingStatus: 'Online' | 'ConnectionLost' | 'Inactive';
  /** Why commands ended with "document process failed unexpectedly". */
  readonly crashes: readonly unknown[];
  /** Whether a script runs on a real host, or such a host boots: nothing that a clock could hurry. */
  readonly isBusy: boolean;
  setPing(status: Agent['pingStatus']): void;
  setVersion(version: string): void;
  /** Calls back as soon as the agent is (or comes back) online and its host reaches AWS; the answer cancels it. */
  whenOnline(callback: () => void): () => void;
  /** Starts the command when a worker is free. Results are held back while the agent is down. */
  run(command: AgentCommand, onStart: () => void): Promise<StepResult[]>;
  /** Best effort: steps that have not begun are skipped. */
  cancel(commandId: string): void;
  /** The agent's process dies: running scripts survive it, and their results wait for `restart`. */
  kill(): void;
  /** The agent's process dies with its workers: running scripts survive, but their results are lost with their commands. */
  killWithWorkers(): void;
  restart(): void;
}

export function createAgent(host: RehearsalHost, clock: Clock, version = '3.3.2746.0'): Agent {
  return new RehearsalAgent(host, clock, version);
}

class RehearsalAgent implements Agent {
  readonly host: RehearsalHost;
  version: string;
  pingStatus: Agent['pingStatus'] = 'Online';
  readonly crashes: unknown[] = [];
  readonly #clock: Clock;
  readonly #cancelled = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #queue: (() => void)[] = [];
  /** Ends each command that is under way. */
  readonly #deaths = new Set<(reason: Error) => void>();
  #busy = 0;
  #scripts = 0;
  /** Whether its host reaches AWS, which the ping status tells only minutes later. */
  #reaches = true;

  constructor(host: RehearsalHost, clock: Clock, version: string) {
    this.host = host;
    this.#clock = clock;
    this.version = version;
    host.onReach?.((reaches) => {
      this.#reaches = reaches;
      this.#wake();
    });
  }

  get isBusy(): boolean {
    return this.host.kind === 'real' && (this.#scripts > 0 || this.host.isBooting === true);
  }

  setPing(status: Agent['pingStatus']): void {
    this.pingStatus = status;
    this.#wake();
  }

  get #isThere(): boolean {
    return this.pingStatus === 'Online' && this.#reaches;
  }

  #wake(): void {
    if (!this.#isThere) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of waiting) callback();
  }

  setVersion(version: string): void {
    this.version = version;
  }

  whenOnline(callback: () => void): () => void {
    if (this.#isThere) {
      callback();
      return () => undefined;
    }
    this.#waiting.add(callback);
    return () => void this.#waiting.delete(callback);
  }

  async run(command: AgentCommand, onStart: () => void): Promise<StepResult[]> {
    await this.#takeWorker();
    try {
      onStart();
      const results = await this.#work(command).catch((reason: unknown) => this.#recover(command, reason));
      await this.#online();
      return results;
    } finally {
      this.#freeWorker();
    }
  }

  /** Rejects if the host or the worker is gone before it has ended. */
  #work(command: AgentCommand): Promise<StepResult[]> {
    return new Promise((resolve, reject) => {
      this.#deaths.add(reject);
      this.#scripts += 1;
      // Whose worker is gone begins no further step, but the script that runs goes on.
      const isCancelled = () => !this.#deaths.has(reject) || this.#cancelled.has(command.commandId);
      const running = runDocument(command, { host: this.host, clock: this.#clock, isCancelled });
      const end = () => {
        this.#deaths.delete(reject);
        this.#scripts -= 1;
      };
      void running.then(resolve, reject).finally(end);
    });
  }

  async #recover(command: AgentCommand, reason: unknown): Promise<StepResult[]> {
    this.crashes.push(reason);
    await this.#online();
    await sleep(this.#clock, recoveryMs);
    return [reportCrash(command, this.#clock)];
  }

  #online = () => new Promise<void>((resolve) => void this.whenOnline(resolve));

  cancel(commandId: string): void {
    this.#cancelled.add(commandId);
  }

  kill(): void {
    this.setPing('ConnectionLost');
  }

  killWithWorkers(): void {
    this.kill();
    for (const die of this.#deaths) die(new Error('the agent was killed with its workers'));
    this.#deaths.clear();
  }

  restart(): void {
    this.setPing('Online');
  }

  async #takeWorker(): Promise<void> {
    if (this.#busy < workers) this.#busy += 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  /** Hands its place to the next in the queue, if there is one. */
  #freeWorker(): void {
    const next = this.#queue.shift();
    if (next) next();
    else this.#busy -= 1;
  }
}
