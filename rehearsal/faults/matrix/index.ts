import type { CaseResult, Part, PartOptions } from '../part.ts';
import { cellNamed, cells, type Cell } from './cells.ts';
import { Ground } from './ground.ts';
import { runCell } from './run-cell.ts';

/** Of a cell, after which its host is given up: none should take a third of that. */
const limitMs = 150_000;

/** Each fault in each phase, under constant load, one after the other on one host for as long as it stays healthy. */
export const matrix: Part = {
  name: 'matrix',
  help: 'each fault in each phase of a deployment under constant load',
  cases: () => cells.map(({ name }) => name),
  async run(names, options) {
    let ground: Ground | undefined;
    const interrupted = new Promise<undefined>((resolve) => {
      options.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    try {
      for (const cell of names.map(cellNamed)) {
        if (options.signal.aborted) return;
        if (ground?.kind !== cell.ground) ground = await closed(ground);
        ground ??= await begin(cell, options);
        const result = ground && (await Promise.race([runLimited(ground, cell, options), interrupted]));
        if (!result) continue;
        options.tell(result);
        if (result.problems.length > 0 || cell.ground === 'bare') ground = await closed(ground);
      }
    } finally {
      await closed(ground);
    }
  },
};

async function closed(ground: Ground | undefined): Promise<undefined> {
  await ground?.close();
}

/** A host that does not come up is a problem of the case that needed it. */
async function begin(
  { name, ground }: Cell,
  { say, tell, signal }: PartOptions,
): Promise<Ground | undefined> {
  say(`a new host, ${ground}`);
  try {
    return await Ground.start(ground, signal);
  } catch (error) {
    if (!signal.aborted) tell({ name, problems: [(error as Error).message], figures: {} });
    return undefined;
  }
}

/** A cell that fails by itself is a problem of that cell. */
async function runLimited(ground: Ground, cell: Cell, { seed }: PartOptions): Promise<CaseResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${limitMs / 1000} s`)), limitMs);
  });
  const running = runCell(ground, cell, seed);
  running.catch(() => {}); // told below, unless it was given up before
  return Promise.race([running, late])
    .catch(({ message }: Error) => ({ name: cell.name, problems: [message], figures: {} }))
    .finally(() => clearTimeout(timer));
}
