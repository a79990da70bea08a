import { describe, expect, test } from 'vitest';
import { phaseNames } from '../../../contracts/phase-name.ts';
import { judge } from '../../../lambdas/lib/judge.ts';
import type { PhaseRun } from '../../../lambdas/lib/ledger.ts';
import { doneLine, failedLine, invocationOf, sampleRun } from '../support/samples.ts';

const [one, two, three] = ['i-0aaaaaaaa', 'i-0bbbbbbbb', 'i-0cccccccc'] as const;
const run = sampleRun({ phase: 'start-candidate', hosts: [one] });
const wave = sampleRun({ phase: 'start-candidate', hosts: [one, two, three] });

/** The judgement of a host that answered so. */
const judged = (output: string, status: { status?: string; details?: string } = {}, of: PhaseRun = run) =>
  judge(of, [invocationOf(of, output, status)]);

const failure = (judgement: ReturnType<typeof judge>) =>
  judgement.verdict === 'failure' ? judgement.failure : judgement.verdict;

describe('a host that is done', () => {
  test.each(phaseNames)('with the receipt of %s is a success', (phase) => {
    const of = sampleRun({ phase });
    const judgement = judged(doneLine(of), {}, of);
    expect(judgement).toMatchObject({ verdict: 'success', receipts: { [one]: { result: 'done', phase } } });
  });

  test('says so too when it had done the phase before', () => {
    const line = doneLine(run).replace('"done"', '"already-done"');
    expect(judged(line)).toMatchObject({
      verdict: 'success',
      receipts: { [one]: { result: 'already-done' } },
    });
  });

  test('may print other lines around its receipt', () => {
    expect(judged(`pulling...\n{"level":"info"}\n${doneLine(run)}\nbye\n`)).toMatchObject({
      verdict: 'success',
    });
  });

  test('is one whether SSM lists its step by its own name or by that of its action', () => {
    const CommandPlugins = [{ Name: 'aws:runShellScript', Output: doneLine(run) }];
    expect(judge(run, [{ ...invocationOf(run, ''), CommandPlugins }])).toMatchObject({ verdict: 'success' });
  });

  test('is no success with another phase’s receipt, or another deployment’s', () => {
    expect(failure(judged(doneLine({ ...run, phase: 'retire' })))).toBe('receipt-missing');
    expect(failure(judged(failedLine({ ...run, phase: 'retire' }, 'retire-failed')))).toBe('receipt-missing');
    expect(failure(judged(doneLine({ ...run, deploymentId: 'web-2' })))).toBe('receipt-missing');
  });

  test('is no success with facts that the contract does not know', () => {
    const of = sampleRun({ phase: 'run-migrations' });
    expect(failure(judged(doneLine(of, { skipped: 'because' }), {}, of))).toBe('receipt-missing');
  });

  test('is no success when the script then failed after all', () => {
    expect(failure(judged(doneLine(run), { status: 'Failed' }))).toBe('phase-interrupted');
    expect(failure(judged(doneLine(run), { status: 'TimedOut', details: 'ExecutionTimedOut' }))).toBe(
      'phase-timed-out',
    );
  });
});

describe('a host that failed', () => {
  test('is believed by its receipt, whatever status SSM gives it', () => {
    const line = failedLine(run, 'health-check-failed', 'GET /health answered 503');
    for (const status of ['Failed', 'TimedOut', 'Cancelled', 'Success'])
      expect(judged(line, { status })).toMatchObject({
        verdict: 'failure',
        failure: 'health-check-failed',
        cause: `start-candidate on 1 of 1 hosts: ${one}: health-check-failed: GET /health answered 503`,
      });
  });

  test('is believed although the agent wrote its own lines after the receipt', () => {
    const output = `${failedLine(run, 'disk-full')}\n----------ERROR-------\nfailed to run commands: exit status 1`;
    expect(failure(judged(output, { status: 'Failed' }))).toBe('disk-full');
  });

  test('because its parameters did not reach it is believed, though it cannot know its deployment', () => {
    const line = failedLine(
      { ...run, deploymentId: 'unknown-0' },
      'invalid-parameter',
      'update the SSM Agent',
    );
    expect(failure(judged(line, { status: 'Failed' }))).toBe('invalid-parameter');
    const other = failedLine({ ...run, deploymentId: 'web-2' }, 'disk-full');
    expect(failure(judged(other, { status: 'Failed' }))).toBe('phase-interrupted');
  });

  test('cannot name a failure that is none', () => {
    const line = failedLine(run, 'disk-full').replace('disk-full', 'all-is-well');
    expect(failure(judged(line, { status: 'Failed' }))).toBe('phase-interrupted');
  });

  test('cannot write a second line into the cause', () => {
    const judgement = judged(failedLine(run, 'disk-full', 'a\nb\u001b[2J\u2028c'), { status: 'Failed' });
    expect(judgement).toMatchObject({ cause: expect.stringMatching(/: a b \[2J c$/) as string });
  });
});

describe('a host without a receipt', () => {
  test.each([
    [12, 'phase-interrupted'],
    [60, 'phase-timed-out'],
  ])('whose script ended with 137 after %i of 60 s: %s', (seconds, expected) => {
    const of = { ...run, executionSeconds: 60 };
    const [step] = invocationOf(of, '', { status: 'TimedOut' }).CommandPlugins ?? [];
    const at = (second: number) => new Date(1_800_000_000_000 + second * 1000);
    const CommandPlugins = [{ ...step, ResponseStartDateTime: at(0), ResponseFinishDateTime: at(seconds) }];
    const invocation = { ...invocationOf(of, '', { status: 'TimedOut' }), CommandPlugins };
    expect(failure(judge(of, [invocation]))).toBe(expected);
  });

  test.each([
    ['Success', 'Success', 'receipt-missing'],
    ['Failed', 'Failed', 'phase-interrupted'],
    ['TimedOut', 'ExecutionTimedOut', 'phase-timed-out'],
    ['TimedOut', 'Execution Timed Out', 'phase-timed-out'],
    ['TimedOut', undefined, 'phase-timed-out'],
    ['TimedOut', 'DeliveryTimedOut', 'host-unreachable'],
    ['TimedOut', 'Delivery Timed Out', 'host-unreachable'],
    ['Failed', 'Undeliverable', 'host-unreachable'],
    ['Failed', 'Terminated', 'host-unreachable'],
    ['Failed', 'InvalidPlatform', 'host-unreachable'],
    ['Failed', 'AccessDenied', 'host-unreachable'],
    ['Cancelled', 'Cancelled', 'phase-cancelled'],
    ['Pending', 'Pending', 'pending'],
    ['InProgress', 'InProgress', 'pending'],
    ['Delayed', 'Delayed', 'pending'],
    ['Cancelling', 'Cancelling', 'pending'],
  ])('and status %s, details %s: %s', (status, details, expected) => {
    const invocation = { ...invocationOf(run, '', { status }), StatusDetails: details };
    expect(failure(judge(run, [invocation]))).toBe(expected);
  });

  test('that an unreachable host has no step to show for is still unreachable', () => {
    const invocation = {
      ...invocationOf(run, '', { status: 'Failed', details: 'Undeliverable' }),
      CommandPlugins: [],
    };
    expect(failure(judge(run, [invocation]))).toBe('host-unreachable');
  });

  test.each([
    ['truncated in the middle', doneLine(run).slice(0, 60)],
    ['nothing', ''],
    ['no JSON', '{{{{'],
    ['JSON that is no receipt', '{"result":"done"}'],
    ['a list', '[1,2]'],
    ['2,500 bytes of noise', '{'.repeat(2500)],
    ['a receipt inside a text', `result: ${doneLine(run)}`],
  ])('but %s, is receipt-missing with what it printed, on one short line', (_, output) => {
    const judgement = judged(`${output}\n\u0007`);
    expect(judgement).toMatchObject({ failure: 'receipt-missing' });
    expect(JSON.stringify(judgement)).not.toMatch(/\\u0007|\\n/);
    expect(JSON.stringify(judgement).length).toBeLessThan(400);
  });

  test('whose step the list does not show yet is waited for', () => {
    for (const status of ['Success', 'Failed']) {
      const bare = { ...invocationOf(run, '', { status }), CommandPlugins: [] };
      expect(judge(run, [bare])).toEqual({ verdict: 'pending' });
      expect(judge(run, [{ ...bare, CommandPlugins: undefined }])).toEqual({ verdict: 'pending' });
    }
  });
});

describe('a wave', () => {
  const answers = (...hosts: string[]) => hosts.map((host) => invocationOf(wave, doneLine(wave), { host }));

  test('is judged when every host has answered, and not before', () => {
    expect(judge(wave, [])).toEqual({ verdict: 'pending' });
    expect(judge(wave, answers(one, three))).toEqual({ verdict: 'pending' });
    expect(judge(wave, answers(three, two, one))).toMatchObject({ verdict: 'success', output: { hosts: 3 } });
  });

  test('waits for the last host even when another has failed', () => {
    const failed = invocationOf(wave, failedLine(wave, 'disk-full'), { status: 'Failed' });
    const running = invocationOf(wave, '', { host: three, status: 'InProgress' });
    expect(judge(wave, [failed, ...answers(two), running])).toEqual({ verdict: 'pending' });
  });

  test.each([
    ['a host’s verdict ends a phase, though another was out of reach', 'bake', 'error-rate-rose'],
    ['the way back is sent again for a host that was out of reach', 'revert', 'host-unreachable'],
  ] as const)('%s', (_, phase, decisive) => {
    const of = sampleRun({ phase, hosts: [one, two] });
    const verdict = failedLine(of, phase === 'bake' ? 'error-rate-rose' : 'revert-failed');
    const failed = (host: string) => invocationOf(of, verdict, { host, status: 'Failed' });
    const silent = (host: string) =>
      invocationOf(of, '', { host, status: 'Failed', details: 'Undeliverable' });
    expect(failure(judge(of, [failed(one), silent(two)]))).toBe(decisive);
    expect(failure(judge(of, [silent(one), failed(two)]))).toBe(decisive);
  });

  test('fails with the first host’s failure and says what each host said', () => {
    const judgement = judge(wave, [
      ...answers(one),
      invocationOf(wave, '', { host: three, status: 'Failed', details: 'Undeliverable' }),
      invocationOf(wave, failedLine(wave, 'slot-port-taken', 'nc has it'), { host: two, status: 'Failed' }),
    ]);
    expect(judgement).toMatchObject({
      verdict: 'failure',
      failure: 'slot-port-taken',
      cause: `start-candidate on 2 of 3 hosts: ${two}: slot-port-taken: nc has it; ${three}: host-unreachable: SSM says Undeliverable`,
    });
    expect(Object.keys((judgement as { receipts: object }).receipts)).toEqual([one, two]);
  });

  test('pays no heed to hosts it was not sent to', () => {
    const stranger = invocationOf(wave, '', { host: 'i-0ffffffff', status: 'Failed' });
    expect(judge(wave, [...answers(one, two, three), stranger])).toMatchObject({ verdict: 'success' });
  });

  test('with a host that SSM would not send to fails, once the others have answered', () => {
    const partial = { ...wave, unreachable: [two] };
    expect(judge(partial, answers(one))).toEqual({ verdict: 'pending' });
    expect(judge(partial, answers(one, three))).toMatchObject({
      failure: 'host-unreachable',
      receipts: { [one]: { result: 'done' }, [three]: { result: 'done' } },
    });
  });

  test('of fifty failing hosts still has a cause of at most 2,000 characters', () => {
    const hosts = Array.from({ length: 50 }, (_, index) => `i-0000000${String(index).padStart(2, '0')}`);
    const many = { ...wave, hosts };
    const failed = hosts.map((host) =>
      invocationOf(many, failedLine(many, 'pull-failed', 'x'.repeat(300)), { host, status: 'Failed' }),
    );
    const judgement = judge(many, failed);
    expect((judgement as { cause: string }).cause.length).toBeLessThanOrEqual(2000);
  });
});

describe('what the graph routes by', () => {
  const outputOf = (phase: PhaseRun['phase'], facts: Record<string, unknown>[]) => {
    const of = sampleRun({ phase, hosts: [one, two].slice(0, facts.length) });
    const judgement = judge(
      of,
      of.hosts.map((host, index) => invocationOf(of, doneLine(of, facts[index]), { host })),
    );
    return judgement.verdict === 'success' && judgement.output;
  };

  test('hosts are prepared when all of them are', () => {
    expect(outputOf('inspect', [{ prepared: true }, { prepared: true }])).toEqual({ prepared: true });
    expect(outputOf('inspect', [{ prepared: true }, { prepared: false }])).toEqual({ prepared: false });
  });

  test('traffic was switched when it was on any of them', () => {
    expect(outputOf('revert', [{ switched: false }, { switched: false }])).toMatchObject({ switched: false });
    expect(outputOf('revert', [{ switched: false }, { switched: true }])).toEqual({
      switched: true,
      hosts: [one, two],
    });
  });
});
