import { describe, expect, test, vi } from 'vitest';
import { phaseNames, type PhaseName } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import { commonParameters, executionTimeoutParameter } from '../../contracts/phase.ts';
import type { DeploymentPlan } from '../../contracts/plan.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import { runKey } from '../../lambdas/lib/ledger.ts';
import { runPhase } from '../../lambdas/run-phase.ts';
import { apps, doneLine, samplePlan, sampleRun } from './support/samples.ts';
import { failureOf, makeExecutions, useWorld } from './support/setup.ts';

const world = useWorld();
const hosts = ['i-0aaaaaaaa', 'i-0bbbbbbbb', 'i-0cccccccc'];

/** A deployment that holds its lease; sends phases of it. */
async function begin(overrides: Partial<DeploymentPlan> = {}) {
  const executions = makeExecutions(world);
  const request = executions.start();
  const { lease } = await executions.acquire(request);
  const plan = samplePlan({
    ...lease,
    waves: [hosts],
    volumeIds: ['vol-0aaaaaaaa', 'vol-0bbbbbbbb'],
    ...overrides,
  });
  const run = (phase: PhaseName, taskToken = 'token-1', waveIndex = 0, from = plan) =>
    runPhase({ phase, taskToken, plan: from, wave: from.waves[waveIndex]!, waveIndex }, world);
  return { ...executions, request, lease, plan, run };
}

describe('a phase', () => {
  test('is sent to its wave as the plan’s version of its document, with the run’s id as Comment', async () => {
    const { run, lease } = await begin();
    await run('start-candidate');
    expect(world.ssmDouble.sent).toMatchObject([
      {
        DocumentName: 'EdgePaas-start-candidate',
        DocumentVersion: '7',
        InstanceIds: hosts,
        Comment: `${lease.deploymentId}.start-candidate.0`,
        TimeoutSeconds: 120,
        MaxErrors: '100%',
        MaxConcurrency: '100%',
      },
    ]);
  });

  test.each(phaseNames)(
    '%s has every parameter of its document, each as its pattern wants it',
    async (phase) => {
      const { run, plan } = await begin({ app: { ...apps[1]!, name: 'web' } });
      const revert = sampleRun({ ...plan, phase: 'start-candidate' });
      await world.ledger.put(runKey(revert), { ...revert });
      await run(phase);
      const expected = {
        ...commonParameters,
        ...phases[phase].parameters,
        executionTimeout: executionTimeoutParameter,
      };
      const { Parameters, Comment } = world.ssmDouble.sent[0]!;
      expect(Object.keys(Parameters!).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, { pattern }] of Object.entries(expected))
        expect(Parameters![name]).toEqual([expect.stringMatching(new RegExp(pattern)) as string]);
      expect(Comment!.length).toBeLessThanOrEqual(100);
    },
  );

  test.each([
    ['', true, 'newer-safe'],
    ['', false, 'newer'],
    ['nothing-pending', true, 'same'],
  ])('the way back over a migration (skipped: "%s", safe: %s) is told: %s', async (skipped, safe, schema) => {
    const app = { ...apps[1]!, name: 'web' };
    const migrations = { ...app.database!.migrations!, olderReleaseRuns: safe };
    const { run, plan } = await begin({
      app: { ...app, database: { ...app.database!, migrations } },
      hasMigration: true,
    });
    for (const phase of ['start-candidate', 'run-migrations'] as const) {
      const before = sampleRun({ ...plan, phase });
      const told = JSON.parse(doneLine(before, phase === 'run-migrations' ? { skipped } : {})) as Receipt;
      await world.ledger.put(runKey(before), { ...before, receipts: { [before.hosts[0]!]: told } });
    }
    await run('revert');
    expect(world.ssmDouble.sent[0]!.Parameters!.schema).toEqual([schema]);
  });

  test('sends what its version of the document knows, though the stack knows more by now', async () => {
    const { documents } = samplePlan();
    const bake = { ...documents.bake, parameters: ['app', 'fence', 'executionTimeout'] };
    const { run } = await begin({ documents: { ...documents, bake } });
    await run('bake');
    expect(Object.keys(world.ssmDouble.sent[0]!.Parameters!).sort()).toEqual([
      'app',
      'executionTimeout',
      'fence',
    ]);
  });

  test('has written its callback before the command can answer', async () => {
    const { run } = await begin();
    let seen: unknown;
    world.ssmDouble.onSent = async () =>
      void (seen = await world.ledger.run(sampleRun({ ...(await lease()), phase: 'bake' })));
    const lease = async () => (await world.ledger.lease('web'))!;
    await run('bake');
    expect(seen).toMatchObject({ taskToken: 'token-1', open: 'open', hosts });
    expect(seen).not.toHaveProperty('commandIds');
  });

  test('leaves its command’s id to the sweep', async () => {
    const { run, lease } = await begin();
    await run('bake');
    const [{ CommandId } = { CommandId: '' }] = world.ssmDouble.sent;
    const written = await world.ledger.run(sampleRun({ ...lease, phase: 'bake' }));
    expect(written?.commandIds).toEqual(new Set([CommandId]));
  });

  test('that is tried again waits with its new token, and for its new command alone', async () => {
    const { run, lease } = await begin();
    await run('bake', 'token-1');
    await run('bake', 'token-2');
    const written = await world.ledger.run(sampleRun({ ...lease, phase: 'bake' }));
    expect(written).toMatchObject({ taskToken: 'token-2', open: 'open' });
    expect(written?.commandIds).toEqual(new Set([world.ssmDouble.sent[1]!.CommandId]));
  });

  test('of a thousand hosts mounts the wave’s own volumes, not all', async () => {
    const names = (prefix: string) =>
      Array.from({ length: 1000 }, (_, index) => `${prefix}-${index.toString(16).padStart(17, '0')}`);
    const all = names('i');
    const waves = Array.from({ length: 20 }, (_, wave) => all.slice(wave * 50, wave * 50 + 50));
    const { run } = await begin({ waves, volumeIds: names('vol') });
    await run('mount-volume', 'token-1', 19);
    const [sent] = world.ssmDouble.sent;
    expect(sent!.Parameters!.volumeIds).toEqual([names('vol').slice(950).join(',')]);
    expect(sent!.Parameters!.volumeIds![0]).toMatch(
      new RegExp(phases['mount-volume'].parameters.volumeIds!.pattern),
    );
  });

  test('on one host goes to the first of the wave only', async () => {
    const { run, lease } = await begin();
    await run('run-migrations');
    expect(world.ssmDouble.sent[0]!.InstanceIds).toEqual([hosts[0]]);
    expect((await world.ledger.run(sampleRun({ ...lease, phase: 'run-migrations' })))?.hosts).toEqual([
      hosts[0],
    ]);
  });
});

describe('an execution without the lease', () => {
  test('such as a redriven one that was closed, sends nothing', async () => {
    const { run, request, end, closing, acquire } = await begin();
    end(request);
    await acquire(closing('web-1'));
    expect(await failureOf(run('switch-traffic'))).toEqual({
      id: 'fence-stale',
      message: 'web-1 has lost its lease to a newer deployment or a closing: start a new deployment instead',
    });
    expect(world.ssmDouble.sent).toEqual([]);
  });

  test('that loses it while it writes what it is about to do, sends nothing', async () => {
    const { run, request, end, closing, acquire } = await begin();
    const putIf = world.ledger.putIf.bind(world.ledger);
    const written = vi.spyOn(world.ledger, 'putIf').mockImplementationOnce(async (...what) => {
      end(request);
      await acquire(closing('web-1'));
      return putIf(...what);
    });
    expect((await failureOf(run('start-candidate'))).id).toBe('fence-stale');
    expect(written).toHaveBeenCalled();
    expect(world.ssmDouble.sent).toEqual([]);
  });

  test('whose Lambda comes late does not take the closing’s callback away', async () => {
    const { run, request, plan, lease, end, closing, acquire } = await begin();
    await run('start-candidate');
    end(request);
    const taken = await acquire(closing('web-1'));
    await run('revert', 'token-of-closing', 0, { ...plan, fence: taken.lease.fence });
    expect((await failureOf(run('revert', 'token-of-the-dead'))).id).toBe('fence-stale');
    expect((await world.ledger.run(sampleRun({ ...lease, phase: 'revert' })))?.taskToken).toBe(
      'token-of-closing',
    );
    expect(world.ssmDouble.sent).toHaveLength(2);
  });
});

describe('the way back', () => {
  test('is not sent to a wave that was never sent a candidate: its task is answered at once', async () => {
    const { run } = await begin();
    await run('revert');
    expect(world.ssmDouble.sent).toEqual([]);
    expect(world.statesDouble.answers).toEqual([
      { taskToken: 'token-1', output: { switched: false, hosts: [] } },
    ]);
  });

  test('is sent to a wave whose start-candidate was about to be sent: it may have arrived', async () => {
    const { run } = await begin();
    const mentioned = sampleRun({ phase: 'start-candidate', deploymentId: 'web-1' });
    await world.ledger.put(runKey(mentioned), { ...mentioned });
    await run('revert');
    expect(world.ssmDouble.sent).toMatchObject([{ Comment: 'web-1.revert.0', InstanceIds: hosts }]);
  });

  test('reaches the hosts that are left when an instance of the wave is gone', async () => {
    const { run, lease } = await begin();
    await run('start-candidate');
    world.ssmDouble.gone.add(hosts[1]!);
    await run('revert', 'token-2');
    expect(world.ssmDouble.sent[1]!.InstanceIds).toEqual([hosts[0], hosts[2]]);
    expect(await world.ledger.run(sampleRun({ ...lease, phase: 'revert' }))).toMatchObject({
      hosts,
      unreachable: [hosts[1]],
      commandIds: new Set([world.ssmDouble.sent[1]!.CommandId]),
    });
  });

  test('is host-unreachable when nobody is left', async () => {
    const { run } = await begin();
    await run('start-candidate');
    hosts.forEach((host) => world.ssmDouble.gone.add(host));
    expect((await failureOf(run('revert', 'token-2'))).id).toBe('host-unreachable');
  });
});

describe('an instance that is gone', () => {
  test('stops a way forward before any host is asked, by its name', async () => {
    const { run } = await begin();
    world.ssmDouble.gone.add(hosts[1]!);
    expect(await failureOf(run('switch-traffic'))).toEqual({
      id: 'host-unreachable',
      message: `switch-traffic: SSM sends nothing: Instances [[${hosts[1]}]] not in a valid state for account 123456789012`,
    });
    expect(world.ssmDouble.sent).toEqual([]);
  });
});
