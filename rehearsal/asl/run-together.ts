import type { Scope } from './scope.ts';

type Job<T> = (scope: Scope) => Promise<T>;

/** Runs jobs, so many at once, and answers their outputs in order. The first that fails cancels the others and is thrown. */
export async function runTogether<T>(jobs: readonly Job<T>[], atOnce: number, parent: Scope): Promise<T[]> {
  const { scope, release } = parent.child();
  const outputs = new Array<T>(jobs.length);
  const queue = jobs.entries();
  const work = async () => {
    for (const [index, job] of queue) {
      scope.throwIfCancelled();
      outputs[index] = await job(scope);
    }
  };
  const workers = Array.from({ length: Math.min(atOnce, jobs.length) }, work);
  try {
    await Promise.all(workers);
    return outputs;
  } finally {
    scope.cancel();
    await Promise.allSettled(workers);
    release();
  }
}
