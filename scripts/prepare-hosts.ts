import { ensureBuilderRoot } from '../rehearsal/cache/builder-root.ts';
import { ensureNodeTools } from '../rehearsal/cache/node-tools.ts';
import { ensurePythonRoot } from '../rehearsal/cache/python-root.ts';
import { missingForRealHost } from '../rehearsal/host/can-host.ts';
import { ensurePreparedImage } from '../rehearsal/phases/prepared-host.ts';

/** Makes what the tests of hosts begin with, where it is not there yet. Whoever needs some of it meanwhile waits for it. */
async function makeBuilder(): Promise<void> {
  await ensureNodeTools(await ensureBuilderRoot());
}

if (missingForRealHost().length === 0)
  await Promise.all([ensurePreparedImage().then(makeBuilder), ensurePythonRoot()]);
