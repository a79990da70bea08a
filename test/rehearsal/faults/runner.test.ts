import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { askedCases, dueCases } from '../../../rehearsal/faults/choose-cases.ts';
import { OptionError, parseOptions, type Options } from '../../../rehearsal/faults/options.ts';
import type { Part } from '../../../rehearsal/faults/part.ts';
import { Results, type Recorded } from '../../../rehearsal/faults/results.ts';

const partOf = (name: string, cases: string[]): Part => ({
  name,
  help: `about ${name}`,
  cases: () => cases,
  run: async () => {},
});
const weather = partOf('weather', ['rain in spring', 'rain in autumn', 'snow in spring']);
const parts = [weather, partOf('traffic', ['jam'])];

const optionsOf = (...args: string[]) => parseOptions(args, parts) as Options;
const names = (options: Options) => askedCases(options, new Map()).map(({ cases }) => cases);

function newResults(): { results: Results; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-faults-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'deep', 'results.jsonl');
  return { results: new Results(file), file };
}

const recorded = (name: string, problems: string[] = [], more: Partial<Recorded> = {}): Recorded => ({
  part: 'weather',
  name,
  problems,
  figures: {},
  seed: 1,
  commit: 'abc',
  when: '2026-11-23T02:00:00.000Z',
  ...more,
});

it('runs every part and case unless told otherwise', () => {
  expect(optionsOf()).toMatchObject({ seed: 1, fresh: false, failedOnly: false });
  expect(names(optionsOf())).toEqual([['rain in spring', 'rain in autumn', 'snow in spring'], ['jam']]);
  expect(names(optionsOf('--only', 'traffic'))).toEqual([['jam']]);
  expect(names(optionsOf('--case', '* in spring'))).toEqual([['rain in spring', 'snow in spring'], []]);
  expect(names(optionsOf('--case', 'jam,snow*'))).toEqual([['snow in spring'], ['jam']]);
});

it.each(['rain.in spring', 'storm', ''])('refuses to run no case at all, as of %j', (pattern) => {
  expect(() => names(optionsOf('--case', pattern))).toThrow(OptionError);
  expect(() => names(optionsOf('--case', pattern))).toThrow('no case has such a name');
});

it('draws a slice by the seed', () => {
  const drawn = (seed: number) => names(optionsOf('--slice', '2', '--seed', String(seed))).flat();
  expect(drawn(1)).toHaveLength(2);
  expect(drawn(1)).toEqual(drawn(1));
  const seen = new Set([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => drawn(seed).join()));
  expect(seen.size).toBeGreaterThan(1);
});

it.each([
  [['--only', 'nothing'], /weather, traffic/],
  [['--seed', 'x'], /whole number/],
  [['--slice', '0'], /from 1 on/],
  [['--again', 'all'], /--again failed/],
])('refuses %j', (args, message) => {
  expect(() => optionsOf(...args)).toThrow(OptionError);
  expect(() => optionsOf(...args)).toThrow(message);
});

it('does not run again what this commit has done with this seed', () => {
  const { results } = newResults();
  results.add(recorded('rain in spring'));
  results.add(recorded('rain in autumn', [], { commit: 'older' }));
  results.add(recorded('snow in spring', [], { seed: 2 }));
  const due = (...args: string[]) => {
    const options = optionsOf('--only', 'weather', ...args);
    return dueCases(askedCases(options, results.latest(1)), options, results, 'abc')[0]!.cases;
  };
  expect(due()).toEqual(['rain in autumn', 'snow in spring']);
  expect(due('--fresh')).toEqual(['rain in spring', 'rain in autumn', 'snow in spring']);
});

it('runs again only what failed last, whatever commit that was, when asked to', () => {
  const { results } = newResults();
  results.add(recorded('rain in spring', ['wet'], { commit: 'older' }));
  results.add(recorded('rain in autumn', ['wet']));
  results.add(recorded('rain in autumn'));
  const options = optionsOf('--again', 'failed');
  expect(dueCases(askedCases(options, results.latest(1)), options, results, 'abc')[0]!.cases).toEqual([
    'rain in spring',
  ]);
});

it('finds its results again, but for the line that a kill cut in half', () => {
  const { results, file } = newResults();
  results.add(recorded('rain in spring', ['wet']));
  appendFileSync(file, '{"part":"weather","name":"rain in au');
  const again = new Results(file);
  expect([...again.latest(1).values()]).toEqual([recorded('rain in spring', ['wet'])]);
  expect(again.latest(2).size).toBe(0);
  again.add(recorded('snow in spring'));
  expect([...new Results(file).latest(1).keys()]).toEqual([
    'weather: rain in spring',
    'weather: snow in spring',
  ]);
});
