import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Reply } from './child-calls.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export class ChildDied extends Error {
  override readonly name = 'ChildDied';
}

type Waiting = { resolve(output: unknown): void; reject(error: Error): void };

/** A TypeScript module in a process of its own, which serves calls (serveCalls). */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  constructor(path: string) {
    this.#process = fork(path, [], {
      execArgv: ['--import', loader],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (reply: Reply) => this.#settle(reply));
    this.#process.on('exit', (code, signal) =>
      this.#rejectAll(new ChildDied(`${path} ended with ${signal ?? code}`)),
    );
    this.#process.on('error', () => {}); // told by the exit or by the call that could not be sent
  }

  call<T>(name: string, input: unknown = null): Promise<T> {
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.#process.send({ id, name, input }, (error) => {
        if (error) this.#settle({ id, error: error.message });
      });
    });
  }

  async kill(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new ChildDied(reply.error));
    else waiting?.resolve(reply.output);
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
