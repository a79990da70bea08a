import { describe, expect, it } from 'vitest';
import type { Json } from '../../../rehearsal/asl/json.ts';
import { parsePath, readPath } from '../../../rehearsal/asl/json-path.ts';
import { placeResult } from '../../../rehearsal/asl/result-path.ts';
import { pass, runMachine } from '../../support/run-machine.ts';

const evaluate = (expression: string, input: Json) =>
  runMachine({ A: pass({ Parameters: { 'v.$': expression } }) }, { input });

describe('a path', () => {
  const data: Json = {
    a: { 'b-c': [10, { d: 1 }, { d: 2 }, {}] },
    'x y': { 'z.[0]': true },
    none: null,
    rows: [[1, 2], [3]],
  };

  it.each<[string, Json]>([
    ['$', data],
    ['$.a.b-c[0]', 10],
    ["$['x y']['z.[0]']", true],
    ["$.a['b-c'][1].d", 1],
    ['$.a.b-c[*].d', [1, 2]],
    ['$.rows[*]', [[1, 2], [3]]],
    ['$.rows[*][*]', [1, 2, 3]],
    ['$.none', null],
  ])('%s is read', (path, value) => expect(readPath(parsePath(path), data)).toEqual(value));

  it.each([
    '$.missing',
    '$.none.x',
    '$.a.b-c[9]',
    '$.a[0]',
    '$.missing[*]',
    '$.constructor',
    '$.a.b-c.length',
  ])('%s leads nowhere', (path) => expect(readPath(parsePath(path), data)).toBeUndefined());

  it.each([
    '$..a',
    '$.a[-1]',
    '$.a[0:2]',
    '$.a[?(@.b)]',
    '$.a[0,1]',
    '$["a"]',
    '$.*',
    '$.a.',
    '$.length()',
    'a.b',
    '$a',
    '',
  ])('%j is refused', (path) => expect(() => parsePath(path)).toThrow(SyntaxError));

  it('that leads nowhere fails with States.Runtime and says which field of which state', async () => {
    const { error, cause } = await evaluate('$.a.b', { a: 1 });
    expect(error).toBe('States.Runtime');
    expect(cause).toBe(
      `An error occurred while executing the state 'A' (entered at the event id #2). The JSONPath '$.a.b' specified for the field 'v.$' could not be found in the input '{"a":1}'`,
    );
  });
});

describe('ResultPath', () => {
  it('makes the way to its place and leaves the input unchanged', () => {
    const input = { a: { b: 1 }, keep: 2 };
    expect(placeResult(input, '$.a.c.d', 3)).toEqual({ a: { b: 1, c: { d: 3 } }, keep: 2 });
    expect(placeResult(input, "$['x y']", 3)).toEqual({ ...input, 'x y': 3 });
    expect(input).toEqual({ a: { b: 1 }, keep: 2 });
  });

  it('fails with States.ResultPathMatchFailure below what is no object', async () => {
    const { error } = await runMachine({ A: pass({ ResultPath: '$.a.b' }) }, { input: { a: 'text' } });
    expect(error).toBe('States.ResultPathMatchFailure');
  });
});

describe('an intrinsic function', () => {
  it.each<[string, Json]>([
    ["States.Format('{} of {} {} {}', $.n, 'two', null, $.yes)", '1 of two null true'],
    ["States.Format('it\\'s \\{\\} {}', 3.5)", "it's {} 3.5"],
    ['States.Format($.template, $.n)', 'n=1'],
    ["States.Format('{}', States.ArrayLength($.list))", '2'],
    ['States.StringToJson($.text)', { a: [1] }],
    ['States.JsonToString($.list)', '["x","y"]'],
    ['States.ArrayLength($.list)', 2],
    ["States.Array($.n, 'b', -2, $$.Execution.Name, States.Array())", [1, 'b', -2, 'one', []]],
    ["States.Format('{}', $['odd, (key)'])", 'odd'],
  ])('%s is %j', async (expression, value) => {
    const input = {
      n: 1,
      yes: true,
      list: ['x', 'y'],
      text: '{"a":[1]}',
      template: 'n={}',
      'odd, (key)': 'odd',
    };
    expect((await evaluate(expression, input)).output).toEqual({ v: value });
  });

  it.each([
    ["States.Format('{} {}', 1)", '2 occurrences of {} but 1 values'],
    ["States.Format('{}', $.list)", 'no objects and no arrays'],
    ['States.Format($.list)', 'must be a string'],
    ["States.StringToJson('{')", 'not a string of JSON'],
    ['States.StringToJson(1)', 'not a string of JSON'],
    ['States.ArrayLength(1)', 'takes an array'],
    ['States.ArrayLength($.missing)', 'could not be found'],
  ])('%s fails with States.Runtime', async (expression, message) => {
    const { error, cause } = await evaluate(expression, { list: [] });
    expect(error).toBe('States.Runtime');
    expect(cause).toContain(message);
  });
});
