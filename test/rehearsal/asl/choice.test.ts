import { describe, expect, it } from 'vitest';
import type { Json } from '../../../rehearsal/asl/json.ts';
import { pass, runMachine } from '../../support/run-machine.ts';

const choose = async (rule: Record<string, unknown>, input: Json, Default: string | undefined = 'No') => {
  const states = {
    A: { Type: 'Choice', Choices: [{ ...rule, Next: 'Yes' }], Default },
    Yes: pass({ Result: 'yes' }),
    No: pass({ Result: 'no' }),
  };
  return runMachine(states, { input });
};
const chosen = async (rule: Record<string, unknown>, input: Json) => (await choose(rule, input)).output;
const on = (rule: Record<string, unknown>) => ({ Variable: '$.v', ...rule });

describe('a Choice', () => {
  it.each([
    [{ StringEquals: 'a' }, 'a', 'b'],
    [{ StringLessThan: 'b' }, 'a', 'b'],
    [{ StringLessThanEquals: 'b' }, 'b', 'c'],
    [{ StringGreaterThan: 'b' }, 'c', 'b'],
    [{ StringGreaterThanEquals: 'b' }, 'b', 'a'],
    [{ StringEquals: '1' }, '1', 1],
    [{ StringMatches: 'v*.log' }, 'v1.log', 'v1.txt'],
    [{ StringMatches: 'a\\*' }, 'a*', 'ab'],
    [{ NumericEquals: 1 }, 1, 2],
    [{ NumericLessThan: 2 }, 1, 2],
    [{ NumericLessThanEquals: 2 }, 2, 3],
    [{ NumericGreaterThan: 2 }, 10, 2],
    [{ NumericGreaterThanEquals: 2 }, 2, 1],
    [{ NumericEquals: 1 }, 1, '1'],
    [{ BooleanEquals: false }, false, true],
    [{ BooleanEquals: false }, false, null],
    [{ TimestampEquals: '2026-01-01T00:00:00Z' }, '2026-01-01T01:00:00+01:00', '2026-01-01T01:00:00Z'],
    [{ TimestampLessThan: '2026-01-01T00:00:00Z' }, '2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00Z'],
    [{ IsNull: true }, null, 0],
    [{ IsNull: false }, 0, null],
    [{ IsString: true }, 'a', 1],
    [{ IsNumeric: true }, 1, 'a'],
    [{ IsBoolean: true }, false, 'false'],
    [{ IsTimestamp: true }, '2026-01-01T00:00:00Z', '2026-01-01'],
  ])('by %j takes %j, not %j', async (rule, right, wrong) => {
    expect(await chosen(on(rule), { v: right })).toBe('yes');
    expect(await chosen(on(rule), { v: wrong })).toBe('no');
  });

  it.each([
    ['StringEqualsPath', 'a', 'b'],
    ['NumericLessThanPath', 3, 1],
    ['BooleanEqualsPath', true, false],
  ])('compares with another field by %s', async (operator, right, wrong) => {
    const rule = on({ [operator]: '$.other' });
    expect(await chosen(rule, { v: operator.startsWith('Numeric') ? 2 : right, other: right })).toBe('yes');
    expect(await chosen(rule, { v: operator.startsWith('Numeric') ? 2 : right, other: wrong })).toBe('no');
  });

  it('asks IsPresent without minding what is missing', async () => {
    expect(await chosen(on({ IsPresent: true }), { v: null })).toBe('yes');
    expect(await chosen(on({ IsPresent: true }), {})).toBe('no');
    expect(await chosen(on({ IsPresent: false }), {})).toBe('yes');
  });

  it('joins by And, Or and Not, and asks no more than it must', async () => {
    const isTwo = on({ NumericEquals: 2 });
    expect(await chosen({ And: [on({ IsPresent: true }), isTwo] }, {})).toBe('no');
    expect(await chosen({ And: [on({ IsPresent: true }), isTwo] }, { v: 2 })).toBe('yes');
    expect(await chosen({ Or: [on({ IsPresent: false }), isTwo] }, {})).toBe('yes');
    expect(await chosen({ Not: isTwo }, { v: 3 })).toBe('yes');
    expect(await chosen({ Not: isTwo }, { v: 2 })).toBe('no');
  });

  it('takes the first rule that holds', async () => {
    const states = {
      A: {
        Type: 'Choice',
        Choices: [
          { Variable: '$', NumericGreaterThan: 1, Next: 'B' },
          { Variable: '$', NumericGreaterThan: 0, Next: 'C' },
        ],
      },
      B: pass({ Result: 'b' }),
      C: pass({ Result: 'c' }),
    };
    expect((await runMachine(states, { input: 2 })).output).toBe('b');
    expect((await runMachine(states, { input: 1 })).output).toBe('c');
  });

  it('reads the context object', async () => {
    expect(await chosen({ Variable: '$$.Execution.Name', StringEquals: 'one' }, {})).toBe('yes');
  });

  it('without a rule that holds and without Default fails with States.Runtime', async () => {
    const states = {
      A: { Type: 'Choice', Choices: [{ Variable: '$', NumericEquals: 1, Next: 'B' }] },
      B: pass(),
    };
    const { error, cause } = await runMachine(states, { input: 2 });
    expect(error).toBe('States.Runtime');
    expect(cause).toMatch(
      /^An error occurred while executing the state 'A' \(entered at the event id #2\).*no choice matched/,
    );
  });

  it('fails with States.Runtime when its variable is missing', async () => {
    const { error, cause } = await choose(on({ NumericEquals: 1 }), {});
    expect(error).toBe('States.Runtime');
    expect(cause).toContain("JSONPath '$.v'");
  });
});
