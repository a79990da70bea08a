import { phaseNames } from '../../../contracts/phase-name.ts';
import { groupBy } from '../../group-by.ts';
import type { Recorded } from '../results.ts';
import { table } from '../table.ts';
import { cells } from './cells.ts';
import { functionPlaces, type Place } from './place.ts';

const legend = [
  'How each deployment ended: `S` Succeeded, `F` Failed (refused before the switch), `R` RolledBack, `I` Inconsistent, `!` not as it should be.',
  'Empty: that fault cannot meet that phase, or would do there what it does elsewhere.',
  '',
];

const explanation = [
  '',
  'failed: requests, streams and sockets that clients lost without an excuse. in flight: under way in what the fault itself killed (a serving',
  'container, Nginx by a person, the whole machine). down: begun until that served again. healthy after: milliseconds from the fault to the last',
  'request that was lost. ended after: to the outcome; where AWS waits, the clock was hurried.',
  '',
];

/** The matrix as a whole, and what was counted in each of its cells. */
export function describeCells(results: readonly Recorded[]): string[] {
  const found = new Map(results.map((result) => [result.name, result]));
  const run = cells.filter(({ name }) => found.has(name));
  const inFunctions = overview(found, functionPlaces);
  return [
    ...legend,
    ...overview(found, phaseNames),
    '',
    ...inFunctions,
    ...explanation,
    ...details(run, found),
    '',
  ];
}

function overview(found: ReadonlyMap<string, Recorded>, places: readonly Place[]): string[] {
  const there = cells.filter(({ place }) => places.includes(place));
  const rows = [...groupBy(there, ({ faultName }) => faultName)].map(([name, [first]]) => [
    first!.fault.says,
    ...places.map((place) => mark(found.get(`${name} in ${place}`))),
  ]);
  return table(['fault', ...places], rows);
}

function mark(result: Recorded | undefined): string {
  if (!result) return '';
  return result.problems.length > 0 ? '!' : String(result.figures.outcome).charAt(0);
}

function details(run: typeof cells, found: ReadonlyMap<string, Recorded>): string[] {
  const head = [
    'case',
    'outcome',
    'failure',
    'requests',
    'failed',
    'in flight',
    'down',
    'healthy after',
    'ended after',
  ];
  const rows = run.map(({ name }) => {
    const { figures } = found.get(name)!;
    const { outcome, failure, requests, failed, inFlight, down, healthyMs, endedMs } = figures;
    return [name, outcome, failure, requests, failed, inFlight, down, healthyMs, endedMs].map(
      (value) => value ?? '',
    );
  });
  return table(head, rows);
}
