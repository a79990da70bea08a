import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FunctionConfig } from './function-config.ts';
import type { InvocationAnswer } from './invocation.ts';
import { makeEnvironment, type ProcessPlace } from './process-environment.ts';
import { maxResponseBytes, RuntimeApi } from './runtime-api.ts';

const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));

/** What importing a bundle may take. Source: Lambda Developer Guide, "Lambda runtime environment lifecycle". */
const initSeconds = 10;

type Ending = { readonly responded: string } | { readonly failed: string };

/** One process of a function: one invocation at a time, warm in between. */
export class FunctionProcess {
  readonly #config: FunctionConfig;
  readonly #log: number;
  readonly #now: () => number;
  readonly #api: RuntimeApi;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #death: string | undefined;
  #initFailure: string | undefined;
  #used = false;
  #ready = false;
  #wake = () => {};
  #settle: ((ending: Ending) => void) | undefined;

  constructor(config: FunctionConfig, log: number, now: () => number) {
    this.#config = config;
    this.#log = log;
    this.#now = now;
    this.#api = new RuntimeApi({
      ready: () => this.#becomeReady(),
      responded: (_id, body) => this.#settle?.({ responded: body }),
      failed: (_id, body) => this.#settle?.({ failed: body }),
      initFailed: (body) => void (this.#initFailure = body),
    });
  }

  async start(place: ProcessPlace): Promise<void> {
    const env = makeEnvironment(this.#config, place, await this.#api.listen());
    const stdio: ['ignore', number, number] = ['ignore', this.#log, this.#log];
    const child = spawn(process.execPath, [bootstrap], { env, cwd: this.#config.folder, stdio });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const end = (how: string) => resolve(this.#die(how));
      child.once('exit', (code, signal) => end(signal ? `signal: ${signal}` : `exit status ${code}`));
      child.once('error', (error) => end(error.message));
    });
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** Answers undefined if the process died, after earlier work, before it took this: another one can. */
  async invoke(payload: string, crashAfterCalls?: number): Promise<InvocationAnswer | undefined> {
    const requestId = randomUUID();
    const started = performance.now();
    const timeout = this.#used ? this.#config.timeoutSeconds : initSeconds;
    const ready = await this.#limit(timeout, requestId, this.#untilReady());
    if (typeof ready !== 'boolean') return this.#answer(requestId, started, ready);
    if (!ready) return this.#used ? undefined : this.#answer(requestId, started, this.#exitOf(requestId));
    this.#used = true;
    return this.#answer(requestId, started, await this.#run(requestId, payload, crashAfterCalls));
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  #run(requestId: string, payload: string, crashAfterCalls: number | undefined): Promise<Ending> {
    const { arn, timeoutSeconds } = this.#config;
    writeSync(this.#log, `START RequestId: ${requestId}\n`);
    this.#ready = false;
    const work = new Promise<Ending>((resolve) => {
      this.#settle = resolve;
      this.#wake = () => resolve(this.#exitOf(requestId));
    });
    const now = this.#now();
    const clockShift = now - Date.now();
    const deadline = now + timeoutSeconds * 1000;
    this.#api.send({ requestId, functionArn: arn, deadline, payload, clockShift, crashAfterCalls });
    return this.#limit(timeoutSeconds, requestId, work);
  }

  /** Kills the process when its time is up: Lambda gives it no chance to say anything more. */
  #limit<T>(seconds: number, requestId: string, work: Promise<T>): Promise<T | Ending> {
    let timer: NodeJS.Timeout | undefined;
    const expiry = new Promise<Ending>((resolve) => {
      timer = setTimeout(() => {
        const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`;
        resolve({ failed: JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage }) });
        this.#die('timed out');
        this.#child?.kill('SIGKILL');
      }, seconds * 1000);
    });
    return Promise.race([work, expiry]).finally(() => clearTimeout(timer));
  }

  #untilReady(): Promise<boolean> {
    if (this.#ready || !this.alive) return Promise.resolve(this.alive);
    return new Promise((resolve) => void (this.#wake = () => resolve(this.alive)));
  }

  #becomeReady(): void {
    this.#ready = true;
    this.#wake();
  }

  #die(how: string): void {
    this.#death ??= how;
    this.#ready = false;
    this.#api.close();
    this.#wake();
  }

  #exitOf(requestId: string): Ending {
    if (this.#initFailure) return { failed: this.#initFailure };
    const errorMessage = `RequestId: ${requestId} Error: Runtime exited with error: ${this.#death}`;
    return { failed: JSON.stringify({ errorType: 'Runtime.ExitError', errorMessage }) };
  }

  #answer(requestId: string, started: number, ending: Ending): InvocationAnswer {
    this.#settle = undefined;
    this.#wake = () => {};
    const ms = (performance.now() - started).toFixed(1);
    const outcome = 'failed' in ending ? ` Error: ${ending.failed}` : '';
    writeSync(this.#log, `REPORT RequestId: ${requestId} Duration: ${ms} ms${outcome}\n`);
    const about = { statusCode: 200, executedVersion: '$LATEST', requestId };
    const error = 'failed' in ending ? ending.failed : oversize(ending.responded);
    if (error !== undefined) return { ...about, functionError: 'Unhandled', payload: error };
    return { ...about, payload: (ending as { responded: string }).responded };
  }
}

function oversize(body: string): string | undefined {
  if (Buffer.byteLength(body) <= maxResponseBytes) return undefined;
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${maxResponseBytes} bytes).`;
  return JSON.stringify({ errorType: 'Function.ResponseSizeTooLarge', errorMessage });
}
