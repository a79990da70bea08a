import type { HistoryEvent } from './asl/history.ts';
import { milliseconds } from './report/print-receipt.ts';

/** Live progress: a line when a step of the graph ends, as it ends. */
export class Progress {
  readonly #write: (line: string) => void;
  readonly #entered = new Map<string, number>();

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  say = (line: string) => this.#write(line);

  /** Choices and Maps say nothing of their own: their tasks do. */
  note = (execution: string, event: HistoryEvent): void => {
    const key = `${execution} ${event.name} ${event.index ?? ''}`;
    if (event.type === 'TaskStateEntered') this.#entered.set(key, event.timestamp);
    if (!event.name || !/^Task(Succeeded|Failed|TimedOut)$/.test(event.type)) return;
    const took = milliseconds(event.timestamp - (this.#entered.get(key) ?? event.timestamp));
    const ended = event.type === 'TaskSucceeded' ? '' : `  ${event.error ?? 'timed out'}`;
    this.#write(`  ${event.name.padEnd(18)}${took.padStart(8)}${ended}`);
  };
}
