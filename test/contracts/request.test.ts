import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { appName, buildVersion, deploymentId, digest } from '../../contracts/build-version.ts';
import { Failure, oneLine } from '../../contracts/failure.ts';
import { receipt } from '../../contracts/receipt.ts';
import { closingRequest, ecrPushEvent, manualRequest } from '../../contracts/request.ts';

const eventOf = (name: string) =>
  JSON.parse(readFileSync(`test/fixtures/events/${name}.json`, 'utf8')) as object;

describe('a push event', () => {
  test('is a release when it names a tag', () => {
    expect(ecrPushEvent.parse(eventOf('ecr-push-tagged')).detail).toMatchObject({ 'image-tag': '1.4.2' });
  });

  test.each(['ecr-push-untagged', 'ecr-push-multi-arch-child', 'ecr-delete', 'ssm-command-success'])(
    '%s is none',
    (name) => {
      expect(ecrPushEvent.safeParse(eventOf(name)).success).toBe(false);
    },
  );
});

const hostile = [
  "'; reboot #",
  '$(reboot)',
  'a\nb',
  'a b',
  '-rf',
  '{{x}}',
  '../x',
  'x'.repeat(10_000),
  '',
  'ä',
];

describe.each([
  ['an app’s name', appName, ['web', 'a2', 'my-app-3'], ['Web', 'w', '2web', 'web-', 'w_b']],
  [
    'a BUILD_VERSION',
    buildVersion,
    ['1.4.2', 'v1_rc-3', '_x', 'a'.repeat(128)],
    ['.x', 'a'.repeat(129), 'v1+meta'],
  ],
  [
    'a digest',
    digest,
    [`sha256:${'a1'.repeat(32)}`],
    ['sha256:abc', `sha256:${'A1'.repeat(32)}`, 'a1'.repeat(32)],
  ],
  [
    'a deployment’s id',
    deploymentId,
    ['web-1', 'my-app-123456789'],
    ['web', 'web-', 'web-1x', 'web-1234567890'],
  ],
])('%s', (_, schema, good, bad) => {
  test.each(good)('may be %j', (value) => expect(schema.safeParse(value).success).toBe(true));
  test.each([...bad, ...hostile])('may not be %j', (value) =>
    expect(schema.safeParse(value).success).toBe(false),
  );
});

describe('what a person types', () => {
  test('is an app and a BUILD_VERSION', () => {
    expect(manualRequest.parse({ app: 'web', buildVersion: 'v1' })).toEqual({
      app: 'web',
      buildVersion: 'v1',
    });
  });

  test.each([
    [{}],
    [{ app: 'web' }],
    [{ app: 'web', buildVersion: 'v1', force: true }],
    [{ app: 'web', buildVersion: 1 }],
  ])('is not %j', (input) => expect(manualRequest.safeParse(input).success).toBe(false));

  test('closes a deployment by its id and nothing else', () => {
    expect(closingRequest.safeParse({ closes: 'web-3' }).success).toBe(true);
    expect(closingRequest.safeParse({ closes: 'web-3', app: 'web' }).success).toBe(false);
  });
});

describe('a receipt', () => {
  const common = { phase: 'bake', deploymentId: 'web-1', fence: 1, ms: 12 };

  test.each([
    [{ ...common, result: 'done', facts: {} }],
    [{ ...common, result: 'already-done', facts: { requests: 3 } }],
    [{ ...common, result: 'failed', failure: 'candidate-died', cause: 'exit 1' }],
  ])('may be %j', (input) => expect(receipt.safeParse(input).success).toBe(true));

  test.each([
    [{ ...common, result: 'done' }],
    [{ ...common, result: 'failed', failure: 'no-such-id', cause: 'x' }],
    [{ ...common, result: 'failed', failure: 'candidate-died' }],
    [{ ...common, result: 'ok', facts: {} }],
    [{ ...common, fence: 0, result: 'done', facts: {} }],
    [{ ...common, phase: 'reboot', result: 'done', facts: {} }],
  ])('may not be %j', (input) => expect(receipt.safeParse(input).success).toBe(false));
});

describe('a failure', () => {
  test('is known by its id, and keeps its cause', () => {
    const cause = new Error('below');
    const failure = new Failure('pull-failed', 'could not pull', { cause });
    expect(failure).toMatchObject({ name: 'pull-failed', message: 'could not pull', cause });
  });

  test('says one line of at most 400 characters, whatever it is told', () => {
    expect(new Failure('pull-failed', 'a\r\nERROR forged\u2028b\u0000c').message).toBe('a ERROR forged b c');
    expect(oneLine('x'.repeat(10_000))).toHaveLength(400);
    expect(oneLine('x'.repeat(10_000), 60)).toMatch(/^x{59}…$/);
  });
});
