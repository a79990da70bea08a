import { expect, test } from 'vitest';
import { inColumns, milliseconds, together, width, wrap } from '../../../rehearsal/report/layout.ts';

test('milliseconds become seconds from one on', () => {
  expect([0.4, 47.04, 999.4, 999.6, 12_345].map(milliseconds)).toEqual([
    '0 ms',
    '47 ms',
    '999 ms',
    '1.0 s',
    '12.3 s',
  ]);
});

test('wrapped lines are full, indented from the second on, and lose no word', () => {
  const words = Array.from({ length: 60 }, (_, index) => `word${index}`);
  const lines = wrap(words.join(' '), '    ');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
  expect(lines.slice(1).every((line) => line.startsWith('    word'))).toBe(true);
  expect(lines.join(' ').split(/ +/)).toEqual(words);
});

test('what belongs together stays on one line', () => {
  const lines = wrap(`${'x'.repeat(width - 3)} ${together('12 ms')}`);
  expect(lines).toEqual(['x'.repeat(width - 3), '12 ms']);
});

test('cells stand below each other', () => {
  expect(inColumns(['a', 'b', 'c', 'd'], 3)).toEqual([`a${' '.repeat(25)}b${' '.repeat(25)}c`, 'd']);
});
