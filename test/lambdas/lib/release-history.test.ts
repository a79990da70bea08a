import { describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../../contracts/outcome.ts';
import { historyKey } from '../../../lambdas/lib/ledger.ts';
import { deploymentsOf, isUnequal } from '../../../lambdas/lib/release-history.ts';
import { sampleRequest } from '../support/samples.ts';
import { useWorld } from '../support/setup.ts';

const world = useWorld();
type Ended = Outcome | 'caught up';

/** The oldest first. */
async function remember(...outcomes: Ended[]): Promise<void> {
  for (const [index, outcome] of outcomes.entries()) {
    const deploymentId = `web-${index + 1}`;
    const caughtUp = outcome === 'caught up';
    await world.ledger.put(historyKey('web', deploymentId), {
      deploymentId,
      outcome: caughtUp ? 'Succeeded' : outcome,
      request: sampleRequest(caughtUp ? { catchUp: ['i-0aaaaaaaa'] } : {}),
    });
  }
}

describe('hosts may be unequal', () => {
  test.each<[string, Ended[], boolean]>([
    ['after a deployment that could not go back from everywhere', ['Succeeded', 'Inconsistent'], true],
    ['also after one that failed since', ['Succeeded', 'Inconsistent', 'Failed', 'RolledBack'], true],
    ['also after a catch-up', ['Inconsistent', 'caught up'], true],
    ['until a release succeeds', ['Inconsistent', 'Failed', 'Succeeded', 'Failed'], false],
    ['and not without a deployment', [], false],
  ])('%s', async (_, outcomes, expected) => {
    await remember(...outcomes);
    expect(await isUnequal('web', world.ledger)).toBe(expected);
  });
});

test('whoever wants the newest deployment reads a few, and whoever wants all gets all', async () => {
  await remember(...Array.from({ length: 30 }, () => 'Failed' as const));
  const send = vi.spyOn(world.client, 'send');
  const first = await deploymentsOf('web', world.ledger).next();
  expect(first.value).toMatchObject({ deploymentId: 'web-30' });
  const [page] = send.mock.results.map(({ value }) => value as Promise<{ Count: number }>);
  expect((await page!).Count).toBe(4);
  const all: string[] = [];
  for await (const { deploymentId } of deploymentsOf('web', world.ledger)) all.push(deploymentId);
  expect(new Set(all).size).toBe(30);
});
