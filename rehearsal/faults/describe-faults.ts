import { groupBy } from '../group-by.ts';
import { describeCells } from './matrix/describe-cells.ts';
import type { Part } from './part.ts';
import type { Recorded } from './results.ts';
import { table } from './table.ts';

type Describe = (results: readonly Recorded[]) => string[];

/** How a part's section shows its figures, if not as a summary of each. */
const tables: Readonly<Record<string, Describe>> = { matrix: describeCells };

/** docs/faults.md, of the last result of each case. */
export function describeFaults(results: readonly Recorded[], parts: readonly Part[], seed: number): string {
  const lines = [
    '# Faults',
    '',
    `Each fault was tried on purpose, and what came of it was counted. \`npm run faults -- --seed ${seed} --fresh\` does it again, and writes this`,
    'file; `npm run faults -- --help` says how to run a part or a case alone.',
    '',
    ...describeCommits(results),
    ...parts.flatMap((part) => describePart(part, results, seed)),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function describeCommits(results: readonly Recorded[]): string[] {
  return [...groupBy(results, ({ commit }) => commit)].map(([commit, ofCommit]) => {
    const days = ofCommit.map(({ when }) => when.slice(0, 10)).sort();
    const [first, last] = [days[0]!, days.at(-1)!];
    const changed = commit.endsWith('+') ? ' with changes' : '';
    const period = first === last ? first : `${first} to ${last}`;
    return `- commit ${commit.replace('+', '')}${changed}, ${period}: ${count(ofCommit.length, 'case')}`;
  });
}

function describePart(
  { name, help, explains, cases }: Part,
  results: readonly Recorded[],
  seed: number,
): string[] {
  const mine = results.filter(({ part }) => part === name);
  if (mine.length === 0) return [];
  const failed = mine.filter(({ problems }) => problems.length > 0);
  const verdict = failed.length === 0 ? 'each as it should be' : `${failed.length} not as they should be`;
  return [
    '',
    `## ${name}`,
    '',
    `${help[0]!.toUpperCase()}${help.slice(1)}: ${mine.length} of ${count(cases(seed).length, 'case')} run, ${verdict}.`,
    '',
    ...(explains ? [explains, ''] : []),
    ...(tables[name] ?? summarize)(mine),
    ...failed.flatMap((one) => one.problems.map((problem) => `- ${one.name}: ${problem}`)),
  ];
}

/** Of each figure that is a number: the least, the middle and the most of all cases, and their sum. */
function summarize(results: readonly Recorded[]): string[] {
  const figures = results.flatMap((result) => Object.entries(result.figures));
  const numbers = figures.filter((figure): figure is [string, number] => typeof figure[1] === 'number');
  const rows = [...groupBy(numbers, ([name]) => name)].map(([name, found]) => {
    const values = found.map(([, value]) => value).sort((one, other) => one - other);
    const middle = values[Math.floor(values.length / 2)]!;
    const sum = values.reduce((total, value) => total + value, 0);
    return [name, values[0]!, middle, values.at(-1)!, round(sum)];
  });
  return [...table(['figure', 'least', 'median', 'most', 'sum'], rows), ''];
}

const round = (value: number) => Math.round(value * 100) / 100;
const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
