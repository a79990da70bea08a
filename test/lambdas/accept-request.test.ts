import { describe, expect, test } from 'vitest';
import { appNamePattern, buildVersionPattern, deploymentIdPattern } from '../../contracts/build-version.ts';
import type { EcrPushEvent } from '../../contracts/request.ts';
import { acceptRequest } from '../../lambdas/accept-request.ts';
import { readEvent } from './support/fixture.ts';
import { randomText, seededRandom } from './support/random.ts';
import { apps } from './support/samples.ts';

const executionArn = 'arn:aws:states:eu-central-1:123456789012:execution:Deploy:1';
const startedAt = '2026-01-15T09:54:36.250Z';
const accept = (input: unknown) => acceptRequest({ input, executionArn, startedAt }, apps);

const pushed = readEvent<EcrPushEvent>('ecr-push-tagged');
/** The tagged push with something else in one field of its detail. */
const pushWith = (detail: Record<string, unknown>) => ({
  ...pushed,
  detail: { ...pushed.detail, ...detail },
});

function refusal(input: unknown): { id: string; message: string } {
  try {
    accept(input);
  } catch (error) {
    return { id: (error as Error).name, message: (error as Error).message };
  }
  throw new Error(`accepted ${JSON.stringify(input)}`);
}

// eslint-disable-next-line no-control-regex -- what must never reach a log
const controlCharacter = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const howTo = 'Use {"app": "...", "buildVersion": "..."}';

describe('a person', () => {
  const byHand = {
    app: 'web',
    trigger: 'manual',
    eventId: executionArn,
    order: '2026-01-15T09:54:36.250Z 2026-01-15T09:54:36.250Z',
    executionArn,
    requestedAt: Date.parse(startedAt),
  };
  const hold = { by: 'Ana', reason: 'the sale is on' };

  test.each([
    [
      'asks for the release before',
      { app: 'web', rollback: true },
      { rollback: true, buildVersion: 'the release before' },
    ],
    ['holds an app', { app: 'web', hold }, { hold, buildVersion: 'none' }],
    ['lifts a hold', { app: 'web', hold: false }, { hold: false, buildVersion: 'none' }],
  ])('%s', (_, input, expected) => expect(accept(input)).toEqual({ ...byHand, ...expected }));

  test.each([
    [{ app: 'web', rollback: false }, 'rollback = false'],
    [{ app: 'web', rollback: true, buildVersion: '1' }, 'unknown field "buildVersion"'],
    [{ app: 'web', hold: true }, 'hold = true'],
    [{ app: 'web', hold: { by: 'Ana' } }, 'hold/reason is missing. Use {"app": "...", "hold": {'],
    [{ app: 'web', hold: { by: ' ', reason: 'x' } }, 'hold/by = " " must say something'],
    [{ app: 'web', hold: { by: 'Ana', reason: 'x'.repeat(301) } }, 'may have 300 characters'],
    [{ app: 'web', hold, buildVersion: '1' }, 'unknown field "buildVersion"'],
  ])('is told what is wrong with %j', (input, problem) => {
    expect(refusal(input)).toMatchObject({
      id: 'invalid-request',
      message: expect.stringContaining(problem) as string,
    });
  });

  test('cannot go back with an app that there is not', () =>
    expect(refusal({ app: 'shop', rollback: true }).id).toBe('unknown-app'));
});

describe('an ECR push', () => {
  test('with a tag becomes a request for its repository’s app, by digest', () => {
    expect(accept(pushed)).toEqual({
      app: 'web',
      trigger: 'push',
      buildVersion: '1.4.2',
      digest: pushed.detail['image-digest'],
      eventId: pushed.id,
      order: '2026-01-15T09:54:34.000Z 2026-01-15T09:54:36.250Z',
      executionArn,
      requestedAt: Date.parse('2026-01-15T09:54:34Z'),
    });
  });

  test('in the newer shape of a multi-architecture image is a request like any other', () => {
    expect(accept(readEvent('ecr-push-multi-arch'))).toMatchObject({ app: 'web', buildVersion: '1.4.2' });
  });

  test.each(['ecr-push-untagged', 'ecr-push-multi-arch-child'])(
    'without a tag (%s) is no release',
    (name) => {
      expect(refusal(readEvent(name))).toEqual({
        id: 'invalid-request',
        message: `detail/image-tag is missing. ${howTo}`,
      });
    },
  );

  test('of which ECR says DELETE or FAILURE is refused', () => {
    expect(refusal(readEvent('ecr-delete')).message).toContain('detail/action-type = "DELETE"');
    expect(refusal(pushWith({ result: 'FAILURE' })).message).toContain('detail/result = "FAILURE"');
  });

  test('to a repository that no app has names the repository and the apps there are', () => {
    const { id, message } = refusal(pushWith({ 'repository-name': 'team/other' }));
    expect(id).toBe('unknown-app');
    expect(message).toBe(
      'app "repository team/other" is not configured: add it to edgepaas.config.ts and deploy, or use one of web, api',
    );
  });

  test('with a time that is none is refused, not thrown over', () => {
    for (const time of ['2026-99-99T99:99:99Z', '2026-01-15', 'yesterday', 12, ''])
      expect(refusal({ ...pushed, time })).toMatchObject({ id: 'invalid-request' });
  });

  test('dated in the future counts as pushed when its execution started, so that it blocks nobody', () => {
    const future = acceptRequest(
      { input: { ...pushed, time: '9999-12-31T23:59:59Z' }, executionArn, startedAt },
      apps,
    );
    const later = acceptRequest({ input: pushed, executionArn, startedAt: '2026-01-16T00:00:00.000Z' }, apps);
    expect(future.order).toBe(`${startedAt} ${startedAt}`);
    expect(future.order > later.order).toBe(true);
    const manual = { input: { app: 'web', buildVersion: '1' }, executionArn };
    expect(acceptRequest({ ...manual, startedAt: '2026-01-15T10:00:00.000Z' }, apps).order).toSatisfy(
      (order: string) => order > future.order,
    );
  });

  test('of two pushes in one second the one whose execution started later is the newer', () => {
    const second = acceptRequest(
      { input: pushed, executionArn, startedAt: '2026-01-15T09:54:36.251Z' },
      apps,
    );
    expect(second.order > accept(pushed).order).toBe(true);
  });
});

describe('a person', () => {
  test('starts an app’s tag by hand, deduplicated by the execution alone', () => {
    expect(accept({ app: 'api', buildVersion: 'v2' })).toEqual({
      app: 'api',
      trigger: 'manual',
      buildVersion: 'v2',
      eventId: executionArn,
      order: `${startedAt} ${startedAt}`,
      executionArn,
      requestedAt: Date.parse(startedAt),
    });
  });

  test('counts as newer than a push that happened before, even one whose execution starts later', () => {
    const latePush = acceptRequest(
      { input: pushed, executionArn, startedAt: '2026-01-15T09:59:00.000Z' },
      apps,
    );
    expect(accept({ app: 'web', buildVersion: 'v2' }).order > latePush.order).toBe(true);
  });

  test('who names an unknown app learns which there are', () => {
    expect(refusal({ app: 'wbe', buildVersion: 'v2' })).toEqual({
      id: 'unknown-app',
      message: 'app "wbe" is not configured: add it to edgepaas.config.ts and deploy, or use one of web, api',
    });
  });

  test('who forgets or adds a field learns which', () => {
    expect(refusal({ app: 'web' }).message).toBe(`buildVersion is missing. ${howTo}`);
    expect(refusal({ app: 'web', buildVersion: '1', force: true }).message).toBe(
      `unknown field "force". ${howTo}`,
    );
    expect(refusal({}).message).toBe(`app is missing; buildVersion is missing. ${howTo}`);
  });
});

describe('a closing', () => {
  test('names a deployment; its app is in the id', () => {
    expect(accept({ closes: 'my-app-2-17' })).toMatchObject({
      app: 'my-app-2',
      trigger: 'closing',
      closes: 'my-app-2-17',
      eventId: executionArn,
    });
  });

  test.each(['web', 'web-', 'web-1; reboot', 'WEB-1', '../web-1', '', 7, null, {}])(
    'of %j is refused',
    (closes) => {
      expect(refusal({ closes }).id).toBe('invalid-request');
    },
  );

  test('takes no other field', () => {
    expect(refusal({ closes: 'web-1', app: 'web' }).message).toContain('unknown field "app"');
  });
});

describe('hostile input', () => {
  const hostile = [
    '1.0; rm -rf /',
    '$(reboot)',
    '`id`',
    'a\nb',
    'a\r\nEND RequestId: forged',
    '\u001b[2J',
    '{{ssm:/secret}}',
    '../../etc/passwd',
    '-rf',
    '',
    ' 1.0',
    '1.0\n',
    'x'.repeat(10_240),
    'ü',
    '漢字',
    '\u2028',
  ];

  test.each(hostile)(
    '%j is refused as buildVersion, as app and as tag, in one line that says what to do',
    (text) => {
      for (const [field, input] of [
        ['buildVersion', { app: 'web', buildVersion: text }],
        ['app', { app: text, buildVersion: '1' }],
        ['detail/image-tag', pushWith({ 'image-tag': text })],
      ] as const) {
        const { id, message } = refusal(input);
        expect(id).toBe('invalid-request');
        expect(message.startsWith(`${field} = `)).toBe(true);
        expect(message.endsWith(howTo)).toBe(true);
        expect(message).not.toMatch(controlCharacter);
        expect(message.length).toBeLessThanOrEqual(400);
      }
    },
  );

  test('every other field of an event is checked too', () => {
    const broken = {
      ...pushWith({ 'image-digest': 'sha256:1', 'repository-name': 'r'.repeat(300) }),
      id: 'a b',
    };
    const { message } = refusal(broken);
    for (const field of ['id', 'detail/repository-name', 'detail/image-digest'])
      expect(message).toContain(`${field} = `);
  });

  test('however much is wrong at once, the line still ends with what to do', () => {
    const all = pushWith({
      'action-type': 'x'.repeat(10_000),
      result: 'y'.repeat(10_000),
      'image-digest': 'z'.repeat(10_000),
      'image-tag': '\n'.repeat(10_000),
    });
    const { message } = refusal({ ...all, id: '\u0000'.repeat(10_000) });
    expect(message.length).toBeLessThanOrEqual(400);
    expect(message.endsWith(howTo)).toBe(true);
  });

  test.each([null, undefined, 5, 'web', [], [{ app: 'web', buildVersion: '1' }], true, NaN])(
    'an input that is %j is refused',
    (input) => {
      expect(refusal(input)).toMatchObject({ id: 'invalid-request' });
    },
  );

  test.each([
    { buildVersion: 5 },
    { buildVersion: null },
    { buildVersion: ['1'] },
    { buildVersion: { a: 1 } },
  ])('a version of the wrong type (%j) is refused by name', (wrong) => {
    expect(refusal({ app: 'web', ...wrong }).message).toMatch(/^buildVersion = .+ has the wrong form\. Use/);
  });

  test('keys of the prototype are no fields, no apps and no way around the check', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
      expect(refusal({ app: name, buildVersion: '1' }).id).toMatch(/^(unknown-app|invalid-request)$/);
    expect(refusal(JSON.parse('{"__proto__": {"closes": "web-1", "detail": {}}}')).id).toBe(
      'invalid-request',
    );
    expect(refusal(JSON.parse('{"__proto__": {"app": "web", "buildVersion": "1"}}')).id).toBe(
      'invalid-request',
    );
    expect(refusal({ constructor: 1, app: 'web', buildVersion: '1' }).message).toContain('unknown field');
    expect(({} as Record<string, unknown>)['closes']).toBeUndefined();
  });

  test('5,000 random texts: nothing is accepted that the contract’s pattern refuses, and no message breaks a line', () => {
    const random = seededRandom(20_260_115);
    let accepted = 0;
    for (let round = 0; round < 5_000; round += 1) {
      const text = randomText(random);
      const [pattern, input] = (
        [
          [buildVersionPattern, { app: 'web', buildVersion: text }],
          [appNamePattern, { app: text, buildVersion: '1' }],
          [deploymentIdPattern, { closes: text }],
          [buildVersionPattern, pushWith({ 'image-tag': text })],
        ] as const
      )[round % 4]!;
      try {
        accept(input);
        expect(text).toMatch(new RegExp(pattern));
        expect(text).not.toContain('\n');
        accepted += 1;
      } catch (error) {
        const { name, message } = error as Error;
        expect(name).toMatch(/^(invalid-request|unknown-app)$/);
        expect(message.length).toBeLessThanOrEqual(400);
        expect(message).not.toMatch(controlCharacter);
      }
    }
    expect(accepted).toBeGreaterThan(100);
  });
});
