import { describe, expect, test } from 'vitest';
import { judgeGrowth } from '../../../rehearsal/faults/endurance/judge-growth.ts';
import type { HostMeasure } from '../../../rehearsal/faults/endurance/measure-host.ts';

const mebibyte = 2 ** 20;
/** A hundred deployments, of which each leaves so much. */
const measures = (left: Partial<HostMeasure>): HostMeasure[] =>
  Array.from({ length: 100 }, (_, index) => ({
    volume: 140 * mebibyte + index * (left.volume ?? 0),
    root: 740 * mebibyte + index * (left.root ?? 0),
    memory: 140 * mebibyte + (index % 7) * mebibyte + index * (left.memory ?? 0),
  }));

describe('a hundred deployments', () => {
  test('may take what they take, as long as it stays the same', () => {
    expect(judgeGrowth(measures({}))).toEqual([]);
  });

  test.each(['volume', 'root', 'memory'] as const)('must not leave anything behind: %s', (what) => {
    expect(judgeGrowth(measures({ [what]: mebibyte }))).toEqual([expect.stringMatching(`^${what} grows: `)]);
  });

  test('may need more at the very first', () => {
    const [first, ...others] = measures({});
    expect(judgeGrowth([{ ...first!, volume: 0 }, ...others])).toEqual([]);
  });
});
