import { describe, expect, test } from 'vitest';
import { decideOutcome, type WalkedGraph } from '../../../lambdas/lib/decide-outcome.ts';

const failure = {
  Error: 'health-check-failed',
  Cause: 'start-candidate on 1 of 1 hosts: GET /health answered 503',
};
const back = (switched: boolean) => ({ switched });
const stuck = {
  failed: true as const,
  error: { Error: 'revert-failed', Cause: 'revert on 1 of 1 hosts: i-1' },
};

type Row = [what: string, walked: WalkedGraph, committed: boolean, outcome: string, error: string];
const rows: Row[] = [
  ['all went well', {}, true, 'Succeeded', 'none'],
  ['only retire failed', { retireFailure: failure }, true, 'Succeeded', 'none'],
  ['closing forward', { way: 'forward' }, true, 'Succeeded', 'none'],
  ['prepare failed', { failure }, false, 'Failed', 'health-check-failed'],
  [
    'the candidate failed, no wave had switched',
    { failure, reverted: [back(false)] },
    false,
    'Failed',
    'health-check-failed',
  ],
  [
    'a wave had switched',
    { failure, reverted: [back(true), back(false)] },
    false,
    'RolledBack',
    'health-check-failed',
  ],
  [
    'the commit’s answer got lost, and all went back',
    { failure, reverted: [back(true)] },
    true,
    'RolledBack',
    'health-check-failed',
  ],
  [
    'one wave could not go back',
    { failure, reverted: [back(true), stuck] },
    false,
    'Inconsistent',
    'health-check-failed',
  ],
  [
    'no wave could go back',
    { failure, reverted: [stuck, stuck] },
    true,
    'Inconsistent',
    'health-check-failed',
  ],
  ['aborted before any host was asked', { way: 'back', reverted: [] }, false, 'Failed', 'phase-cancelled'],
  [
    'aborted after the switch',
    { way: 'back', reverted: [back(true)] },
    false,
    'RolledBack',
    'phase-cancelled',
  ],
  ['aborted, and stuck', { way: 'back', reverted: [stuck] }, false, 'Inconsistent', 'phase-cancelled'],
  ['nothing was committed and nobody says why', {}, false, 'Failed', 'receipt-missing'],
  ['no way at all', { way: 'deploy' }, false, 'Failed', 'receipt-missing'],
];

describe('a deployment', () => {
  test.each(rows)('of which it is said: %s', (_, walked, committed, outcome, error) => {
    const decision = decideOutcome(walked, committed);
    expect(decision).toMatchObject({ outcome, failure: { Error: error } });
    expect(decision.failure.Cause.startsWith(outcome === 'Succeeded' ? '' : `${outcome}: `)).toBe(true);
  });

  test('is never Succeeded unless it is committed, nothing failed and nothing went back', () => {
    const ways = [undefined, 'deploy', 'back', 'forward'] as const;
    const reverts = [undefined, [], [back(false)], [back(true)], [stuck]];
    for (const way of ways)
      for (const reverted of reverts)
        for (const why of [undefined, failure])
          for (const retireFailure of [undefined, failure])
            for (const committed of [true, false]) {
              const { outcome } = decideOutcome({ way, reverted, failure: why, retireFailure }, committed);
              expect(outcome === 'Succeeded').toBe(committed && !why && !reverted);
            }
  });

  test('that succeeded although retire failed says what to look at', () => {
    expect(decideOutcome({ retireFailure: failure }, true).warning).toBe(`retire: ${failure.Cause}`);
    expect(decideOutcome({}, true)).not.toHaveProperty('warning');
  });

  test('that is inconsistent says why, and which way back failed', () => {
    const { Cause } = decideOutcome({ failure, reverted: [stuck] }, false).failure;
    expect(Cause).toBe(`Inconsistent: ${failure.Cause}. The way back failed: ${stuck.error.Cause}`);
  });
});

describe('what runs where', () => {
  test('stands in the cause before the reasons, however long these are', () => {
    const long = { Error: 'revert-failed', Cause: 'x'.repeat(5000) };
    const walked = { failure: long, reverted: [{ failed: true as const, error: long }] };
    const { Cause } = decideOutcome(walked, false, { where: '1.0.0 is on i-1' }).failure;
    expect(Cause).toMatch(/^Inconsistent: x{999}…\. Now 1\.0\.0 is on i-1\. The way back failed: x+…$/);
    expect(Cause).toHaveLength(3000);
  });
});

describe('the cause', () => {
  const causeOf = (Cause: string | undefined) =>
    decideOutcome({ failure: { Error: 'States.Timeout', Cause } }, false).failure.Cause;

  test('of a Lambda is its message', () => {
    const payload = {
      errorType: 'no-host-found',
      errorMessage: 'no running instance has the tag',
      trace: [],
    };
    expect(causeOf(JSON.stringify(payload))).toBe('Failed: no running instance has the tag');
  });

  test('of a timeout may be missing or empty', () => {
    expect(causeOf(undefined)).toBe('Failed: States.Timeout, without a cause');
    expect(causeOf('')).toBe('Failed: States.Timeout, without a cause');
  });

  test('that was cut in the middle of its JSON is shown as it is', () => {
    expect(causeOf('{"errorMessage":"Task timed')).toBe('Failed: {"errorMessage":"Task timed');
    expect(causeOf('{"other":1}')).toBe('Failed: {"other":1}');
  });

  test('is one line of at most 3,000 characters, which is what people and Step Functions can take', () => {
    const cause = causeOf(`a\nb${'x'.repeat(40_000)}`);
    expect(cause).toMatch(/^Failed: a bx+…$/);
    expect(cause.length).toBe(3000);
  });
});
