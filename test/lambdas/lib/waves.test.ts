import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { executionSeconds, inWaves } from '../../../lambdas/lib/waves.ts';
import { repositoryPath } from '../../docs/repository-path.ts';

const names = (count: number) => Array.from({ length: count }, (_, index) => `i-${index}`);

describe('waves', () => {
  test.each<[hosts: number, canaryHosts: number, waveHosts: number, sizes: number[]]>([
    [0, 1, 50, []],
    [1, 1, 50, [1]],
    [2, 1, 50, [1, 1]],
    [3, 0, 50, [3]],
    [3, 3, 2, [2, 1]],
    [4, 3, 2, [3, 1]],
    [51, 0, 50, [50, 1]],
    [101, 1, 50, [1, 50, 50]],
    [7, 2, 2, [2, 2, 2, 1]],
  ])('of %i hosts with %i canaries and up to %i others', (count, canaryHosts, waveHosts, sizes) => {
    const waves = inWaves(names(count), { canaryHosts, waveHosts });
    expect(waves.map(({ length }) => length)).toEqual(sizes);
    expect(waves.flat()).toEqual(names(count));
  });

  test('have as long as the state machine', () => {
    const definition = readFileSync(repositoryPath('state-machines/deploy.asl.json'), 'utf8');
    expect(JSON.parse(definition)).toMatchObject({ TimeoutSeconds: executionSeconds });
  });
});
