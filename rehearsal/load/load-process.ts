import { serveCalls } from './child-calls.ts';
import type { LoadOptions } from './load-options.ts';
import { LoadRun } from './load-run.ts';

let run: LoadRun;

serveCalls({
  start: (options: LoadOptions) => {
    run = new LoadRun(options);
    return run.started();
  },
  mark: ({ name, at }: { name: string; at: number }) => run.mark(name, at),
  snapshot: () => run.report(),
  stop: () => run.stop(),
});
