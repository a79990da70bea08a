import { format } from 'prettier';
import { expect, it } from 'vitest';
import { describeFaults } from '../../../rehearsal/faults/describe-faults.ts';
import { cells } from '../../../rehearsal/faults/matrix/cells.ts';
import { matrix } from '../../../rehearsal/faults/matrix/index.ts';
import type { Part } from '../../../rehearsal/faults/part.ts';
import type { Recorded } from '../../../rehearsal/faults/results.ts';

const weather: Part = {
  name: 'weather',
  help: 'what the sky does',
  cases: () => ['rain', 'snow', 'fog'],
  run: async () => {},
};
const of = (part: string, name: string, more: Partial<Recorded> = {}): Recorded => ({
  part,
  name,
  problems: [],
  figures: {},
  seed: 7,
  commit: 'abc1234567',
  when: '2026-11-23T02:00:00.000Z',
  ...more,
});

const cell = {
  outcome: 'RolledBack',
  failure: 'candidate-died',
  requests: 600,
  failed: 0,
  inFlight: 3,
  down: 0,
  healthyMs: 12,
  endedMs: 3456,
};
const results = [
  of('matrix', 'kill-script in revert', { figures: cell }),
  of('matrix', 'reboot in bake', { figures: { ...cell, failed: 2 }, problems: ['2 requests were lost'] }),
  of('weather', 'rain', { figures: { drops: 3, where: 'here' }, commit: 'def1234567+' }),
  of('weather', 'snow', { figures: { drops: 7, where: 'there' }, when: '2026-11-24T02:00:00.000Z' }),
];
const text = describeFaults(results, [matrix, weather], 7);

it('says of which commits it is, and how to repeat it', () => {
  expect(text).toContain('npm run faults -- --seed 7');
  expect(text).toContain('- commit abc1234567, 2026-11-23 to 2026-11-24: 3 cases');
  expect(text).toContain('- commit def1234567 with changes, 2026-11-23: 1 case');
});

it('shows the matrix as a whole and by case, and what went wrong', () => {
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const places = rows.find((row) => row[1] === 'fault')!;
  expect(rows.find((row) => row[1] === 'reboot of the host')![places.indexOf('bake')]).toBe('!');
  expect(rows.find((row) => row[1] === 'kill -9 of the phase script')![places.indexOf('revert')]).toBe('R');
  expect(rows.find((row) => row[1] === 'kill-script in revert')!.slice(2, -1)).toEqual(
    Object.values(cell).map(String),
  );
  expect(text).toContain('- reboot in bake: 2 requests were lost');
});

it('sums up the figures of the other parts', () => {
  expect(text).toMatch(/What the sky does: 2 of 3 cases run, each as it should be/);
  expect(text).toMatch(/\| drops +\| 3 +\| 7 +\| 7 +\| 10 +\|/);
});

it('is formatted as the repository wants it', async () => {
  expect(await format(text, { parser: 'markdown', printWidth: 110 })).toBe(text);
});

it('has a name for each case, once', () => {
  expect(new Set(cells.map(({ name }) => name)).size).toBe(cells.length);
  expect(matrix.cases(1)).toEqual(cells.map(({ name }) => name));
});
