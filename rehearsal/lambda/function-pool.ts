import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from '../aws/service.ts';
import type { FunctionConfig } from './function-config.ts';
import { FunctionProcess } from './function-process.ts';
import type { InvocationAnswer } from './invocation.ts';
import type { ProcessPlace } from './process-environment.ts';

export interface PoolOptions {
  readonly place: ProcessPlace;
  /** One log file a function: what it prints, and when it began and ended. */
  readonly logFolder: string;
  /** Processes of a function at once; what comes beyond waits. */
  readonly maxProcesses: number;
  /** Epoch milliseconds, as the function is to see it. */
  readonly now: () => number;
}

/** A function's processes: another one is started when all are busy, and they are used again after. */
export class FunctionPool {
  readonly config: FunctionConfig;
  readonly #options: PoolOptions;
  readonly #all = new Set<FunctionProcess>();
  readonly #idle: FunctionProcess[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #log: number;
  #running = 0;
  #closed = false;
  #drained = () => {};

  constructor(config: FunctionConfig, options: PoolOptions) {
    this.config = config;
    this.#options = options;
    mkdirSync(options.logFolder, { recursive: true });
    this.#log = openSync(join(options.logFolder, `${config.name}.log`), 'a');
  }

  /** Its process dies when AWS has answered so many of its calls, if that is given. */
  async invoke(payload: string, crashAfterCalls?: number): Promise<InvocationAnswer> {
    await this.#enter();
    try {
      return await this.#perform(payload, crashAfterCalls);
    } finally {
      this.#running -= 1;
      if (this.#closed && this.#running === 0) this.#drained();
      this.#waiting.shift()?.();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all([...this.#all].map((process) => process.stop()));
    // What was under way still writes its last line.
    if (this.#running > 0) await new Promise<void>((resolve) => void (this.#drained = resolve));
    closeSync(this.#log);
  }

  async #enter(): Promise<void> {
    const { reservedConcurrency } = this.config;
    if (reservedConcurrency !== undefined && this.#running >= reservedConcurrency) {
      throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    }
    while (this.#running >= this.#options.maxProcesses && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running += 1;
  }

  async #perform(payload: string, crashAfterCalls: number | undefined): Promise<InvocationAnswer> {
    for (;;) {
      const process = await this.#take();
      const answer = await process.invoke(payload, crashAfterCalls);
      if (process.alive) this.#idle.push(process);
      else this.#all.delete(process);
      if (answer) return answer;
    }
  }

  async #take(): Promise<FunctionProcess> {
    if (this.#closed) throw new AwsError('ServiceException', 'the rehearsal is over', 500);
    // The one used last is the warmest.
    const idle = this.#idle.pop();
    if (idle) return idle;
    const process = new FunctionProcess(this.config, this.#log, this.#options.now);
    this.#all.add(process);
    await process.start(this.#options.place);
    if (this.#closed) await process.stop();
    return process;
  }
}
