import type { CaseResult, Part, PartOptions } from '../part.ts';
import { drawWalk, walkNames, type Walk } from './draw.ts';
import { Ground } from './ground.ts';
import { runDatabaseWalk, runInstallWalk, runWebWalk } from './run-walk.ts';

/** Each case is a deployment or a part of one, whose phases are killed at points drawn from the seed and sent again. */
export const killPoints: Part = {
  name: 'kill-points',
  help: 'phases that are killed, or their host, at random points, and sent again',
  explains:
    'hosts: of the kills, those of the whole host. missed: runs that ended before they came to their point.',
  cases: () => walkNames(),
  run: runWalks,
};

async function runWalks(cases: readonly string[], { seed, signal, tell }: PartOptions): Promise<void> {
  let ground: Ground | undefined;
  try {
    for (const name of cases) {
      if (signal.aborted) return;
      const walk = drawWalk(name, seed);
      if (walk.kind !== 'install') ground ??= await Ground.create();
      const result = await tryWalk(walk, ground);
      tell(result);
      if (result.problems.length === 0) continue;
      // What one walk has left must not be the next one's failure.
      await ground?.close();
      ground = undefined;
    }
  } finally {
    await ground?.close();
  }
}

/** A host that can no longer be asked is a problem too. */
async function tryWalk(walk: Walk, ground: Ground | undefined): Promise<CaseResult> {
  try {
    const { problems, tally } = await runWalk(walk, ground!);
    return { name: walk.name, problems, figures: { ...tally } };
  } catch (error) {
    return { name: walk.name, problems: [(error as Error).message], figures: {} };
  }
}

function runWalk(walk: Walk, ground: Ground) {
  if (walk.kind === 'install') return runInstallWalk(walk);
  return walk.kind === 'database' ? runDatabaseWalk(ground, walk) : runWebWalk(ground, walk);
}
