import { constants } from 'node:os';

/** The rehearsal was told to stop; no failure of its own. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

/** npm hands the signal of a Ctrl-C on to a process that had it from the terminal already. */
const echoMilliseconds = 1000;

/**
 * The first Ctrl-C, signal or reader that leaves ends what runs and lets the clean-up happen. A second one leaves at once:
 * what a host has on the machine is removed by its own remover, which outlives the rehearsal.
 */
export class Interruption {
  readonly #controller = new AbortController();
  /** Rejects when it happens. */
  readonly happened: Promise<never>;
  #first: { signal: StopSignal; at: number } | undefined;

  constructor() {
    this.happened = new Promise((_, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason as Error));
    });
    this.happened.catch(() => {}); // nobody has to wait for it
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => this.#take(signal));
    // A reader such as `head` that has seen enough. What is written from now on goes nowhere.
    process.stdout.on('error', () => this.#take('SIGPIPE'));
    process.stderr.on('error', () => this.#take('SIGPIPE'));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.signal.aborted;
  }

  /** As shells count: 128 and the signal's number. */
  get exitCode(): number {
    return this.#first ? 128 + constants.signals[this.#first.signal] : 0;
  }

  #take(signal: StopSignal): void {
    if (!this.#first) return this.#begin(signal);
    if (signal !== 'SIGPIPE' && Date.now() - this.#first.at > echoMilliseconds) process.exit(this.exitCode);
  }

  #begin(signal: StopSignal): void {
    this.#first = { signal, at: Date.now() };
    console.error('\nInterrupted: cleaning up, which takes a moment...');
    this.#controller.abort(new InterruptedError(`interrupted by ${signal}`));
  }
}
