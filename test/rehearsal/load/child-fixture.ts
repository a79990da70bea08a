import { serveCalls } from '../../../rehearsal/load/child-calls.ts';

serveCalls({
  echo: (input: unknown) => input,
  pid: () => process.pid,
  never: () => new Promise(() => {}),
  die: () => process.exit(3),
  fail: () => {
    throw new Error('as told');
  },
});
