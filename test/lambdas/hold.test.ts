import { describe, expect, test } from 'vitest';
import { changeHold } from '../../lambdas/lib/hold.ts';
import { appKey } from '../../lambdas/lib/ledger.ts';
import { failureOf, makeExecutions, useWorld } from './support/setup.ts';

const world = useWorld();
const executions = () => makeExecutions(world);

describe('a hold', () => {
  const hold = { by: 'Ana', reason: 'the sale is on until Friday' };

  test('refuses pushes and people alike, says by whom and why, and is in the ledger', async () => {
    const { start, acquire } = executions();
    expect(await changeHold(start({ hold }), world.ledger)).toMatchObject({ way: 'none' });
    for (const request of [start(), start({ trigger: 'manual' }), start({ rollback: true })]) {
      const { id, message } = await failureOf(acquire(request));
      expect(id).toBe('app-held');
      expect(message).toMatch(
        /^web is on hold by Ana since .*Z: the sale is on until Friday\. Lift it with /,
      );
      const record = appKey('web', `request#${request.order}#${request.eventId}`);
      expect(await world.ledger.get(record)).toMatchObject({ failure: { Error: id, Cause: message } });
    }
    expect(await world.ledger.lease('web')).toBeUndefined();
    expect((await acquire(start({ app: 'api' }))).way).toBe('deploy');
  });

  test('lets what has the lease end, be closed, and keeps what waits for it from following', async () => {
    const { start, end, closing, acquire } = executions();
    const [running, waiting] = [start(), start()];
    await acquire(running);
    expect((await failureOf(acquire(waiting))).id).toBe('lease-held');
    await changeHold(start({ hold }), world.ledger);
    expect((await failureOf(acquire(waiting))).id).toBe('app-held');
    end(running);
    expect((await acquire(closing('web-1'))).way).toBe('back');
  });

  test('that is set while its Lambda has the lease and is run again does not stop it', async () => {
    const { start, acquire } = executions();
    const running = start();
    const first = await acquire(running);
    await changeHold(start({ hold }), world.ledger);
    expect(await acquire(running)).toEqual(first);
  });

  test('that was lifted is not set again by a Lambda that is run again', async () => {
    const { start, acquire } = executions();
    const [set, lift] = [start({ hold }), start({ hold: false })];
    for (const request of [set, lift, set]) await changeHold(request, world.ledger);
    expect((await acquire(start())).way).toBe('deploy');
  });

  test('is over once it is lifted, also when nobody had set one', async () => {
    const { start, acquire } = executions();
    await changeHold(start({ hold }), world.ledger);
    for (let time = 0; time < 2; time += 1) await changeHold(start({ hold: false }), world.ledger);
    expect((await acquire(start())).way).toBe('deploy');
  });
});
