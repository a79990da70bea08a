import type { Clock } from '../clock.ts';
import type { RehearsalHost } from '../host/host.ts';
import { runDocument, type AgentCommand } from './run-document.ts';
import type { StepResult } from './step-result.ts';

/** At most so many commands run at once on one host. Source: the agent's CommandWorkersLimit. */
const workers = 5;

/** The SSM agent of one host: takes commands, runs them through the host, reports. */
export interface Agent {
  readonly host: RehearsalHost;
  readonly version: string;
  /** What DescribeInstanceInformation says; a host that lost its connection gets no commands until it is back. */
  readonly pingStatus: 'Online' | 'ConnectionLost' | 'Inactive';
  /** Why commands ended with "document process failed unexpectedly". */
  readonly crashes: readonly unknown[];
  setPing(status: Agent['pingStatus']): void;
  setVersion(version: string): void;
  /** Calls back as soon as the agent is (or comes back) online; the answer cancels it. */
  whenOnline(callback: () => void): () => void;
  /** Starts the command when a worker is free. Results are held back while the agent is down. */
  run(command: AgentCommand, onStart: () => void): Promise<StepResult[]>;
  /** Best effort: steps that have not begun are skipped. */
  cancel(commandId: string): void;
  /** The agent's process dies: running scripts survive it, and their results wait for `restart`. */
  kill(): void;
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
  #busy = 0;

  constructor(host: RehearsalHost, clock: Clock, version: string) {
    this.host = host;
    this.#clock = clock;
    this.version = version;
  }

  setPing(status: Agent['pingStatus']): void {
    this.pingStatus = status;
    if (status !== 'Online') return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const callback of waiting) callback();
  }

  setVersion(version: string): void {
    this.version = version;
  }

  whenOnline(callback: () => void): () => void {
    if (this.pingStatus === 'Online') {
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
      const isCancelled = () => this.#cancelled.has(command.commandId);
      const onCrash = (reason: unknown) => void this.crashes.push(reason);
      const context = { host: this.host, clock: this.#clock, isCancelled, onCrash };
      const results = await runDocument(command, context);
      await new Promise<void>((resolve) => void this.whenOnline(resolve));
      return results;
    } finally {
      this.#freeWorker();
    }
  }

  cancel(commandId: string): void {
    this.#cancelled.add(commandId);
  }

  kill(): void {
    this.setPing('ConnectionLost');
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
