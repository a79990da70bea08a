import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../rehearsal/aws/event-pattern.ts';

const push = {
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  resources: [] as string[],
  detail: {
    'action-type': 'PUSH',
    'repository-name': 'web',
    'image-tag': 'v1.2',
    size: 42,
    signed: false,
    note: null,
    list: ['a', 'b'],
  },
};
const fits = (pattern: unknown) => compilePattern(pattern)(push);
const detail = (name: string, ...entries: unknown[]) => fits({ detail: { [name]: entries } });

describe('an event pattern', () => {
  it('fits when every field has one of its values', () => {
    expect(
      fits({
        source: ['aws.ecr', 'x'],
        detail: { 'action-type': ['PUSH'], size: [42], signed: [false], note: [null] },
      }),
    ).toBe(true);
    expect(fits({ source: ['aws.ecr'], detail: { 'action-type': ['DELETE'] } })).toBe(false);
    expect(fits({ source: ['aws.ecr'], account: ['1'] })).toBe(false);
    expect(detail('size', '42')).toBe(false);
  });

  it.each([
    [{ prefix: 'v1' }, true],
    [{ prefix: 'v2' }, false],
    [{ suffix: '.2' }, true],
    [{ suffix: '.3' }, false],
    [{ wildcard: 'v*.2' }, true],
    [{ wildcard: 'v*3' }, false],
    [{ 'equals-ignore-case': 'V1.2' }, true],
    [{ 'equals-ignore-case': 'V1' }, false],
    [{ exists: true }, true],
    [{ exists: false }, false],
    [{ 'anything-but': 'latest' }, true],
    [{ 'anything-but': ['latest', 'v1.2'] }, false],
    [{ 'anything-but': { prefix: 'v1' } }, false],
    [{ 'anything-but': { suffix: ['x', '.2'] } }, false],
    [{ 'anything-but': { wildcard: '*-cache' } }, true],
  ])('compares the tag v1.2 with %j: %s', (entry, expected) =>
    expect(detail('image-tag', entry)).toBe(expected),
  );

  it.each([
    [['=', 42], true],
    [['>', 41, '<=', 42], true],
    [['>', 42], false],
    [['>=', 42, '<', 42], false],
  ])('compares the number 42 with %j: %s', (numeric, expected) =>
    expect(detail('size', { numeric })).toBe(expected),
  );

  it('asks of a field that is missing only whether it exists', () => {
    expect(detail('missing', { exists: false })).toBe(true);
    expect(detail('missing', { exists: true })).toBe(false);
    expect(detail('missing', { 'anything-but': 'x' })).toBe(false);
    expect(fits({ nothing: { below: [{ exists: false }] } })).toBe(true);
  });

  it('fits a list by any of its elements', () => {
    expect(detail('list', 'b')).toBe(true);
    expect(detail('list', { prefix: 'c' })).toBe(false);
    expect(fits({ resources: ['x'] })).toBe(false);
  });

  it.each<[unknown, string]>([
    [{ detail: { $or: [{ a: [1] }] } }, '$or is not supported'],
    [{ source: [{ cidr: '10.0.0.0/8' }] }, 'EventPattern.source.cidr is not supported'],
    [{ source: [{ 'anything-but': { cidr: 'x' } }] }, 'anything-but.cidr is not supported'],
    [{ source: [{ prefix: { 'equals-ignore-case': 'x' } }] }, 'prefix takes text'],
    [{ source: [{ prefix: 'a', suffix: 'b' }] }, 'one operator'],
    [{ source: [] }, 'an empty list'],
    [{ source: 'aws.ecr' }, 'must be an object'],
    [{}, 'not empty'],
    [{ source: [{ numeric: ['>', '1'] }] }, '> 1 is not supported'],
    [{ source: [{ numeric: ['>'] }] }, 'numeric'],
    [{ source: [{ exists: 'yes' }] }, 'exists takes true or false'],
    [{ source: [{ constructor: 'x' }] }, 'constructor is not supported'],
  ])('refuses %j', (pattern, message) => expect(() => compilePattern(pattern)).toThrow(message));
});
