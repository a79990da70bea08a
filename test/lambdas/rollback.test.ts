import { describe, expect, test } from 'vitest';
import { closeDeployment } from '../../lambdas/close-deployment.ts';
import { commitRelease } from '../../lambdas/commit-release.ts';
import { appKey, historyKey } from '../../lambdas/lib/ledger.ts';
import { samplePlan } from './support/samples.ts';
import { failureOf, makeExecutions, useWorld } from './support/setup.ts';

const world = useWorld();
const executions = () => makeExecutions(world);

describe('a rollback by hand', () => {
  /** Releases that went live one after the other, by letters; `back` is a rollback. */
  async function live(...letters: string[]): Promise<void> {
    for (const letter of letters) {
      const { start, end, acquire } = executions();
      const request = start(letter === 'back' ? { rollback: true, digest: undefined } : {});
      const { lease, request: wanted } = await acquire(request);
      const image =
        letter === 'back'
          ? { ...samplePlan().image, buildVersion: wanted.buildVersion, digest: wanted.digest! }
          : { ...samplePlan().image, buildVersion: letter, digest: `sha256:${letter.repeat(64)}` };
      const plan = samplePlan({ ...lease, image });
      await commitRelease(plan, world.ledger);
      const deployment = { request: wanted, lease, plan };
      await closeDeployment({ deployment, executionArn: request.executionArn }, world.ledger);
      end(request, 'SUCCEEDED');
    }
  }

  test('takes the release before the current one, by its digest, whatever its tag means today', async () => {
    await live('a', 'b');
    const { start, acquire } = executions();
    const back = start({ trigger: 'manual', digest: undefined, rollback: true });
    const wanted = { ...back, buildVersion: 'a', digest: `sha256:${'a'.repeat(64)}` };
    const acquired = { request: wanted, lease: { deploymentId: 'web-3', fence: 3 }, way: 'deploy' };
    expect(await acquire(back)).toEqual(acquired);
    expect(await acquire(back)).toEqual(acquired);
    expect(await world.ledger.get(historyKey('web', 'web-3'))).toMatchObject({ request: wanted });
  });

  test.each<[string[], string | undefined, string]>([
    [['a', 'b', 'c', 'back'], 'a', 'goes back further the second time'],
    [['a', 'b', 'b'], 'a', 'takes the same release again for no other one'],
    [['a', 'b', 'back', 'c'], 'a', 'leaves out what was gone back from'],
    [['a', 'b', 'a'], 'b', 'goes by what was live, not by age'],
    [['a', 'b', 'c', 'back', 'back'], undefined, 'ends where the first release is'],
    [['a', 'b', 'back'], undefined, 'never goes forward'],
  ])('after %j to %s: it %s', async (letters, expected, _why) => {
    await live(...letters);
    const { start, acquire } = executions();
    const acquired = acquire(start({ rollback: true, digest: undefined }));
    if (expected) expect((await acquired).request.buildVersion).toBe(expected);
    else expect((await failureOf(acquired)).id).toBe('no-release-before');
  });

  test('is refused where there is none, opens nothing, and is in the ledger', async () => {
    const { start, acquire } = executions();
    const back = start({ trigger: 'manual', digest: undefined, rollback: true });
    expect(await failureOf(acquire(back))).toEqual({
      id: 'no-release-before',
      message:
        'web has no release before the current one: deploy a tag with {"app": "web", "buildVersion": "..."}',
    });
    expect(await world.ledger.lease('web')).toBeUndefined();
    const record = appKey('web', `request#${back.order}#${back.eventId}`);
    expect(await world.ledger.get(record)).toMatchObject({
      outcome: 'Failed',
      failure: { Error: 'no-release-before' },
    });
  });
});
