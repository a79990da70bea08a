import { createHash } from 'node:crypto';
import { seededRandom } from '../../simulation/random.ts';
import type { CaseResult } from '../part.ts';
import type { Cell } from './cells.ts';
import { healthy, type Ground } from './ground.ts';
import { judgeCell } from './judge-cell.ts';
import { observe, observeRecovery, untilServed } from './observe.ts';
import { reachPhase } from './reach-phase.ts';
import { Scene } from './scene.ts';
import { strikeInPhase } from './strike.ts';

/** One fault in one phase of one deployment, what came of it, and one more deployment after it. */
export async function runCell(ground: Ground, cell: Cell, seed: number): Promise<CaseResult> {
  const scene = new Scene(ground, cell.place, ground.nextVersion(), momentsOf(cell, seed));
  const isBare = ground.kind === 'bare';
  if (!isBare) await ground.loadFrom(cell.name);
  try {
    await reachPhase(scene);
    const struck = await strikeInPhase(scene, cell.fault);
    const spec = cell.fault.release?.(scene.version) ?? healthy(scene.version);
    const walked = await ground.walkToEnd(spec);
    await struck();
    const observed = await observe(scene, walked);
    ground.levers.release();
    await scene.undoAll();
    await untilServed(scene);
    if (isBare) await ground.loadFrom(cell.name);
    return judgeCell(cell, scene, observed, await observeRecovery(scene, observed));
  } finally {
    ground.levers.release();
    await scene.undoAll();
  }
}

/** Its own for each case, whichever others run before it. */
function momentsOf({ name }: Cell, seed: number): () => number {
  const hash = createHash('sha256').update(`${seed} ${name}`).digest();
  return seededRandom(hash.readUInt32LE());
}
