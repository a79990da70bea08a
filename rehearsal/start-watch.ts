import type { HistoryEvent } from './asl/history.ts';

/** Tells who waits for an execution that it has begun, or has come to a state. */
export class StartWatch {
  readonly #states = new Map<string, () => void>();
  readonly #waiting = new Set<{ matches: (input: string) => boolean; resolve: (arn: string) => void }>();

  next(matches: (input: string) => boolean): Promise<string> {
    return new Promise((resolve) => this.#waiting.add({ matches, resolve }));
  }

  entered(arn: string, state: string): Promise<void> {
    return new Promise((resolve) => this.#states.set(`${arn} ${state}`, resolve));
  }

  note(arn: string, { type, input, name }: HistoryEvent): void {
    if (type === 'TaskStateEntered') this.#states.get(`${arn} ${name}`)?.();
    if (type !== 'ExecutionStarted') return;
    const text = JSON.stringify(input);
    for (const waiter of this.#waiting) {
      if (!waiter.matches(text)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(arn);
      return;
    }
  }
}
