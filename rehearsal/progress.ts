import type { HistoryEvent } from './asl/history.ts';
import { milliseconds } from './report/layout.ts';

/** Live progress: a line when a step of the graph ends, and on a terminal also the step that runs. */
export class Progress {
  readonly #write: (text: string) => unknown;
  readonly #terminal: boolean;
  readonly #entered = new Map<string, number>();
  #running = '';

  constructor(write: (text: string) => unknown, terminal = false) {
    this.#write = write;
    this.#terminal = terminal;
  }

  say = (line: string): void => {
    const erase = this.#running ? '\r\u001b[K' : '';
    this.#running = '';
    this.#write(`${erase}${line}\n`);
  };

  /** Choices and Maps say nothing of their own: their tasks do. */
  note = (execution: string, event: HistoryEvent): void => {
    const { type, name, timestamp } = event;
    const key = `${execution} ${name} ${event.index ?? ''}`;
    if (type === 'TaskStateEntered') {
      this.#entered.set(key, timestamp);
      if (name) this.#show(name);
    }
    if (!name || !/^Task(Succeeded|Failed|TimedOut)$/.test(type)) return;
    const took = milliseconds(timestamp - (this.#entered.get(key) ?? timestamp));
    const ended = type === 'TaskSucceeded' ? '' : `  ${event.error ?? 'timed out'}`;
    this.say(`  ${name.padEnd(18)}${took.padStart(8)}${ended}`);
  };

  #show(name: string): void {
    if (!this.#terminal) return;
    this.#write(`${this.#running ? '\r\u001b[K' : ''}  ${name} ...`);
    this.#running = name;
  }
}
