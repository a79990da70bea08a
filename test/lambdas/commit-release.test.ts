import { describe, expect, test } from 'vitest';
import { commitRelease } from '../../lambdas/commit-release.ts';
import { digestOf, samplePlan } from './support/samples.ts';
import { failureOf, useWorld } from './support/setup.ts';

const world = useWorld();
const planOf = (fence: number, buildVersion: string) =>
  samplePlan({
    deploymentId: `web-${fence}`,
    fence,
    image: { ...samplePlan().image, buildVersion, digest: digestOf(String(fence)) },
  });
const current = () => world.ledger.current('web');

describe('a release that is committed', () => {
  test('is current, and remembers the one before it', async () => {
    await commitRelease(planOf(1, 'v1'), world.ledger);
    expect(await current()).toMatchObject({ deploymentId: 'web-1', fence: 1, buildVersion: 'v1' });
    expect(await current()).not.toHaveProperty('previous');
    await commitRelease(planOf(2, 'v2'), world.ledger);
    expect(await current()).toMatchObject({
      deploymentId: 'web-2',
      digest: digestOf('2'),
      previous: { deploymentId: 'web-1', buildVersion: 'v1', digest: digestOf('1') },
    });
  });

  test('twice, as after a lost answer, is not its own predecessor', async () => {
    await commitRelease(planOf(1, 'v1'), world.ledger);
    const first = await commitRelease(planOf(2, 'v2'), world.ledger);
    expect(await commitRelease(planOf(2, 'v2'), world.ledger)).toMatchObject({ ...first });
    expect((await current())?.previous?.deploymentId).toBe('web-1');
  });

  test('is not replaced by one that has lost its lease', async () => {
    await commitRelease(planOf(3, 'v3'), world.ledger);
    expect(await failureOf(commitRelease(planOf(2, 'v2'), world.ledger))).toEqual({
      id: 'fence-stale',
      message: 'web: web-2 has lost its lease to a newer deployment or a closing: see the history',
    });
    expect((await current())?.deploymentId).toBe('web-3');
  });

  test('at the same moment as another is the one with the higher fence, whoever writes first', async () => {
    await Promise.allSettled(
      [2, 3, 4].map((fence) => commitRelease(planOf(fence, `v${fence}`), world.ledger)),
    );
    expect((await current())?.fence).toBe(4);
  });
});
