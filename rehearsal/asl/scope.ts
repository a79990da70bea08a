/** Thrown into whatever waits in a scope that was cancelled. No state reports it and no Catch sees it. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled');
    this.name = 'Cancelled';
  }
}

/** What is cancelled together: an execution, or the iterations of a Map, or the branches of a Parallel. */
export class Scope {
  readonly #listeners = new Set<() => void>();
  #cancelled = false;

  /** A scope that ends with this one; release it when its work is done. */
  child(): { scope: Scope; release: () => void } {
    const scope = new Scope();
    return { scope, release: this.#listen(() => scope.cancel()) };
  }

  cancel(): void {
    this.#cancelled = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  throwIfCancelled(): void {
    if (this.#cancelled) throw new Cancelled();
  }

  /** A promise that also ends when the scope does. `begin` answers what cleans up after it. */
  waitFor<T>(
    begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    let cleanUp = () => {};
    let stopListening = () => {};
    const wait = new Promise<T>((resolve, reject) => {
      if (this.#cancelled) return reject(new Cancelled());
      stopListening = this.#listen(() => reject(new Cancelled()));
      cleanUp = begin(resolve, reject);
    });
    return wait.finally(() => {
      cleanUp();
      stopListening();
    });
  }

  #listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
