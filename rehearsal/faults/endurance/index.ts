import type { CaseResult, Part } from '../part.ts';
import { endure, type Endured } from './endure.ts';
import { judgeGrowth, mebibytes, quarters } from './judge-growth.ts';
import type { HostMeasure } from './measure-host.ts';

const count = 100;
const name = `${count} deployments on a small disk`;

/** One deployment after the other on one host: nothing that it takes may grow, and the way back is always there. */
export const endurance: Part = {
  name: 'endurance',
  help: 'a hundred deployments in a row on one host with a small disk',
  cases: () => [name],
  async run(cases, { seed, signal, say, tell }) {
    if (!cases.includes(name)) return;
    const endured = await endure({ count, seed, signal, say });
    if (!signal.aborted) tell(describe(endured));
  },
};

export function describe(endured: Endured): CaseResult {
  const { problems, measures, milliseconds, rollbackMs, requests, failed, pushesThatFailed } = endured;
  const range = (what: keyof HostMeasure) => {
    const { first, last } = quarters(measures, what);
    return `${mebibytes(first)} to ${mebibytes(last)} MiB`;
  };
  return {
    name,
    problems: [...problems, ...judgeGrowth(measures)],
    figures: {
      deployments: milliseconds.length + rollbackMs.length,
      'failed on purpose': pushesThatFailed,
      'ms each': Math.round(median(milliseconds)),
      'ms to roll back': Math.round(median(rollbackMs)),
      requests,
      failed,
      volume: range('volume'),
      'root disk': range('root'),
      memory: range('memory'),
    },
  };
}

const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
