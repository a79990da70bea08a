import type { CaseResult } from '../part.ts';
import type { Cell } from './cells.ts';
import { isRight, type Ending } from './endings.ts';
import { sortFaults } from './sort-faults.ts';
import type { Observed, Recovery } from './observe.ts';
import type { Scene } from './scene.ts';

export function judgeCell(cell: Cell, scene: Scene, observed: Observed, recovery: Recovery): CaseResult {
  const { failed, inFlight, down, lastAt } = sortFaults(recovery.section.faults, scene.excuses);
  const struckAt = scene.struckAt ?? observed.endedAt;
  const problems = [
    ...scene.mishaps,
    ...(scene.struckAt === undefined ? [`the deployment never came to ${cell.place}`] : []),
    ...judgeEnding(cell, observed),
    ...judgeServing(scene, observed, recovery),
    ...failed.slice(0, 3).map(({ kind, reason, detail, at }) => {
      return `a request failed ${at - struckAt} ms after the fault: ${kind} ${reason}: ${detail}`;
    }),
    ...recovery.problems,
  ];
  const figures = {
    outcome: observed.outcome,
    failure: observed.failure ?? '-',
    requests: recovery.section.requests,
    failed: failed.length,
    inFlight: inFlight.length,
    down: down.length,
    healthyMs: Math.max(0, lastAt - struckAt),
    endedMs: Math.max(0, observed.endedAt - struckAt),
  };
  return { name: cell.name, problems, figures };
}

function judgeEnding({ fault, place }: Cell, { outcome, failure, cause }: Observed): string[] {
  const promised = fault.promise(place);
  if (isRight(promised, outcome, failure)) return [];
  return [`ended ${outcome} (${failure}: ${cause}) instead of ${promised.map(describe).join(' or ')}`];
}

const describe = ({ outcome, failures }: Ending) => [outcome, ...failures].join(' ');

/** Of an Inconsistent either release may serve: that one does is what was promised. */
function judgeServing({ version, before }: Scene, { outcome }: Observed, { served }: Recovery): string[] {
  const right = { Succeeded: [version], Inconsistent: [version, before] }[outcome as string] ?? [before];
  return right.includes(served) ? [] : [`port 80 answers ${served} instead of ${right.join(' or ')}`];
}
