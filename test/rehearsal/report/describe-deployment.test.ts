import { expect, test } from 'vitest';
import { deploymentOf, describeDeployment } from '../../../rehearsal/report/describe-deployment.ts';
import type { Rehearsal, Walked } from '../../../rehearsal/rehearsal.ts';

const receipt = (phase: string, ms: number, facts: Record<string, unknown> = {}, result = 'done') => ({
  'i-1': { phase, deploymentId: 'web-7', fence: 7, result, ms, facts },
});
const runs = [
  {
    phase: 'switch-traffic',
    since: 30,
    receipts: receipt('switch-traffic', 9, { liveAt: 1500, switchMs: 4 }),
  },
  { phase: 'resolve-env', since: 10, receipts: receipt('resolve-env', 3) },
  { phase: 'inspect', since: 10, receipts: receipt('inspect', 2) },
  { phase: 'bake', since: 40, receipts: undefined },
];
const commandAt = (comment: string, at: number) => ({ comment, requestedAt: new Date(at) });
const commands = [
  commandAt('web-7.inspect.0', 1100),
  commandAt('web-7.switch-traffic.0', 1400),
  commandAt('web-7.bake.0', 1600),
  commandAt('web-70.inspect.0', 1100),
];

const rehearsalWith = (history: unknown) =>
  ({
    app: { name: 'web' },
    clock: { now: () => Date.now() },
    stage: {
      hosts: [{ instanceId: 'i-1' }, { instanceId: 'i-2' }],
      serving: () => Promise.resolve('v7'),
    },
    deployer: {
      ledger: { get: () => Promise.resolve(history), runs: () => Promise.resolve([...runs]) },
      ssm: { commands },
    },
  }) as unknown as Rehearsal;

const walkedWith = (changes: Partial<Walked> = {}) =>
  ({
    status: 'SUCCEEDED',
    triggeredAt: 1000,
    execution: {
      result: { stateTransitions: 21 },
      handle: {
        history: [
          { type: 'TaskStateEntered', timestamp: 1050 },
          { type: 'TaskStateExited', timestamp: 1060, output: { lease: { deploymentId: 'web-7' } } },
          { type: 'MapStateEntered', timestamp: 1700 },
        ],
      },
    },
    ...changes,
  }) as unknown as Walked;

const closed = { buildVersion: 'v7', digest: 'sha256:77', lost: { requests: 5, status5xx: 1, status499: 0 } };
const request = { buildVersion: 'v7', trigger: 'push' };

test('a deployment is described by ledger, execution and commands', async () => {
  const history = { request, outcome: 'Succeeded', closed };
  expect(await describeDeployment(rehearsalWith(history), 'A push', walkedWith())).toMatchObject({
    deploymentId: 'web-7',
    buildVersion: 'v7',
    digest: 'sha256:77',
    trigger: 'push',
    outcome: 'Succeeded',
    failureId: null,
    cause: null,
    commandsSent: 3,
    commandsUntilLive: 2,
    stateTransitions: 21,
    stateTransitionsUntilLive: 1,
    pushToLiveMs: 500,
    switchMs: 4,
    lost: closed.lost,
    load: null,
    servingAfterwards: 'v7',
  });
});

test('phases come in the order they ran, and only those that answered', async () => {
  const { phases } = await describeDeployment(rehearsalWith(undefined), 'A push', walkedWith());
  expect(phases.map(({ phase, ms }) => `${phase} ${ms}`)).toEqual([
    'inspect 2',
    'resolve-env 3',
    'switch-traffic 9',
  ]);
});

test('a failed one has its failure and cause', async () => {
  const walked = walkedWith({ status: 'FAILED', error: 'disk-full', cause: 'Failed: pull-release' });
  const history = { request, outcome: 'Failed' };
  expect(await describeDeployment(rehearsalWith(history), 'A push', walked)).toMatchObject({
    buildVersion: 'v7',
    outcome: 'Failed',
    failureId: 'disk-full',
    cause: 'Failed: pull-release',
  });
});

test('a request that was refused before it had a lease has no deployment', () => {
  const walked = walkedWith();
  (walked.execution.handle.history as unknown[]).length = 0;
  expect(deploymentOf(walked)).toBe('none');
});
