import { describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../../rehearsal/aws/authorize.ts';
import type { PermissionCheck } from '../../../rehearsal/aws/service.ts';
import { allow, resource, role, smallStack } from '../../support/small-stack.ts';

const check = (
  action: string,
  arn = 'arn:aws:x:::thing/a',
  context: Record<string, string> = {},
): PermissionCheck => ({
  action,
  resource: arn,
  context,
});

/** Whether a role with these statements may do it. */
function may(statements: unknown[], asked: PermissionCheck): boolean {
  const stack = smallStack({ Role: role(...statements) });
  try {
    createAuthorizer(stack).authorize(resource(stack, 'Role').arn, [asked]);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: 'AccessDeniedException' });
    return false;
  }
}

describe('a statement', () => {
  it.each([
    ['x:Get', 'x:Get', true],
    ['x:Get', 'x:get', true],
    ['x:Get*', 'x:GetThing', true],
    ['x:G?t', 'x:Get', true],
    ['*', 'y:Put', true],
    ['x:Get', 'x:GetThing', false],
    ['x.Get', 'x:Get', false],
  ])('with the action %s: %s is %s', (pattern, action, expected) => {
    expect(may([allow(pattern)], check(action))).toBe(expected);
  });

  it.each([
    ['arn:aws:x:::thing/*', 'arn:aws:x:::thing/a/b', true],
    ['arn:aws:x:::thing/a', 'arn:aws:x:::thing/ab', false],
    ['arn:aws:x:::Thing/a', 'arn:aws:x:::thing/a', false],
    [['arn:aws:x:::one', 'arn:aws:x:::two'], 'arn:aws:x:::two', true],
  ])('with the resource %s: %s is %s', (pattern, arn, expected) => {
    expect(may([allow('x:Get', pattern)], check('x:Get', arn))).toBe(expected);
  });

  it.each([
    [{ StringEquals: { 'a:Tag/x': 'web' } }, { 'a:Tag/x': 'web' }, true],
    [{ StringEquals: { 'a:Tag/x': ['web', 'shop'] } }, { 'A:Tag/X': 'shop' }, true],
    [{ StringEquals: { 'a:Tag/x': 'web' } }, { 'a:Tag/x': 'Web' }, false],
    [{ StringEquals: { 'a:Tag/x': 'web' } }, {}, false],
    [{ StringEqualsIfExists: { 'a:Tag/x': 'web' } }, {}, true],
    [{ StringLike: { 'a:Tag/x': 'w*' } }, { 'a:Tag/x': 'web' }, true],
    [{ StringNotEquals: { 'a:Tag/x': 'web' } }, { 'a:Tag/x': 'web' }, false],
    [{ StringNotEquals: { 'a:Tag/x': 'web' } }, {}, true],
    [{ 'ForAllValues:StringEquals': { 'a:Tag/x': 'web' } }, {}, true],
    [{ 'ForAnyValue:StringEquals': { 'a:Tag/x': 'web' } }, {}, false],
    [{ 'ForAllValues:StringEquals': { 'a:Keys': ['1', '2'] } }, { 'a:Keys': ['2', '1'] }, true],
    [{ 'ForAllValues:StringEquals': { 'a:Keys': ['1', '2'] } }, { 'a:Keys': ['1', '3'] }, false],
    [{ 'ForAnyValue:StringEquals': { 'a:Keys': '1' } }, { 'a:Keys': ['3', '1'] }, true],
    [{ 'ForAllValues:StringNotEquals': { 'a:Keys': '1' } }, { 'a:Keys': ['3', '1'] }, false],
    [{ Null: { 'a:Tag/x': 'true' } }, {}, true],
    [{ StringEquals: { 'a:x': '1' }, StringLike: { 'a:y': '2' } }, { 'a:x': '1' }, false],
  ])('with the condition %j and the context %j: %s', (condition, context, expected) => {
    expect(
      may([allow('x:Get', '*', condition)], check('x:Get', undefined, context as Record<string, string>)),
    ).toBe(expected);
  });

  it('that denies wins', () => {
    expect(may([allow('*'), { ...allow('x:Get'), Effect: 'Deny' }], check('x:Get'))).toBe(false);
    expect(may([allow('*'), { ...allow('x:Get'), Effect: 'Deny' }], check('x:Put'))).toBe(true);
  });
});

describe('is refused at once, naming where:', () => {
  const load = (...statements: unknown[]) => createAuthorizer(smallStack({ Role: role(...statements) }));
  it.each([
    [
      'an unknown operator',
      allow('x', '*', { NumericLessThan: { 'a:b': '1' } }),
      'Role/inline: .*NumericLessThan',
    ],
    ['NotAction', { Effect: 'Allow', NotAction: 'x', Resource: '*' }, 'NotAction'],
    ['a policy variable', allow('x', 'arn:${aws:username}'), 'aws:username'],
  ])('%s', (_what, statement, message) => {
    expect(() => load(statement)).toThrow(new RegExp(message));
  });

  it('an unknown managed policy', () => {
    const Properties = { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] };
    expect(() => createAuthorizer(smallStack({ Role: { Type: 'AWS::IAM::Role', Properties } }))).toThrow(
      'AdministratorAccess',
    );
  });
});

describe('a role', () => {
  const policy = (Type: string, Properties: object) => ({
    Type,
    Properties: { PolicyDocument: { Statement: allow('x:Get') }, ...Properties },
  });
  const stack = smallStack({
    Role: { Type: 'AWS::IAM::Role', Properties: {} },
    Other: { Type: 'AWS::IAM::Role', Properties: { ManagedPolicyArns: [{ Ref: 'Managed' }] } },
    Attached: policy('AWS::IAM::Policy', { PolicyName: 'p', Roles: [{ Ref: 'Role' }] }),
    Managed: policy('AWS::IAM::ManagedPolicy', {}),
  });
  const host = 'arn:aws:iam::123456789012:role/host';
  const authorizer = createAuthorizer(stack, [
    { arn: host, managedPolicyArns: [resource(stack, 'Managed').arn] },
  ]);

  it.each([resource(stack, 'Role').arn, resource(stack, 'Other').arn, host])(
    '%s has what is attached to it',
    (arn) => {
      expect(() => authorizer.authorize(arn, [check('x:Get')])).not.toThrow();
      expect(() => authorizer.authorize(arn, [check('x:Get'), check('x:Put')])).toThrow('x:Put');
    },
  );

  it('that nobody knows may do nothing, and the person at the console everything', () => {
    expect(() => authorizer.authorize('arn:aws:iam::1:role/none', [check('x:Get')])).toThrow();
    expect(() => authorizer.authorize('rehearsal', [check('x:Get')])).not.toThrow();
  });

  it('is refused in AWS’s words', () => {
    expect(() => authorizer.authorize(host, [check('x:Put')])).toThrow(
      'User: arn:aws:sts::123456789012:assumed-role/host/rehearsal is not authorized to perform: x:Put on resource: arn:aws:x:::thing/a because no identity-based policy allows the x:Put action',
    );
  });
});
