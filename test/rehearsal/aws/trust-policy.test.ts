import { describe, expect, it } from 'vitest';
import { trusts } from '../../../rehearsal/aws/trust-policy.ts';
import { resource, smallStack } from '../../support/small-stack.ts';

const provider = 'arn:aws:iam::123456789012:oidc-provider/idp.example';
const statement = {
  Effect: 'Allow',
  Action: 'sts:AssumeRoleWithWebIdentity',
  Principal: { Federated: provider },
  Condition: { StringEquals: { 'idp.example:sub': ['a', 'b'] } },
};

/** Whether a role that is trusted so takes a token with this subject. */
function takes(Statement: object, sub = 'a', from = provider): boolean {
  const Properties = { AssumeRolePolicyDocument: { Statement } };
  const stack = smallStack({ Role: { Type: 'AWS::IAM::Role', Properties } });
  return trusts(resource(stack, 'Role'), from, { 'idp.example:sub': sub, 'idp.example:aud': 'sts' });
}

describe('a trust policy', () => {
  it('lets in what all of its conditions name', () => {
    expect(takes(statement)).toBe(true);
    expect(takes(statement, 'b')).toBe(true);
    expect(takes(statement, 'c')).toBe(false);
    expect(
      takes({ ...statement, Condition: { StringLike: { 'idp.example:sub': 'repo:x/*' } } }, 'repo:x/y'),
    ).toBe(true);
  });

  it.each([
    ['by another provider', { Principal: { Federated: `${provider}2` } }],
    ['by a service', { Principal: { Service: 'lambda.amazonaws.com' } }],
    ['for another action', { Action: 'sts:AssumeRole' }],
    ['on a claim that AWS does not know', { Condition: { StringEquals: { 'idp.example:repository': 'a' } } }],
  ])('lets nobody in %s', (_what, change) => {
    expect(takes({ ...statement, ...change })).toBe(false);
  });

  it('lets nobody in whom one statement denies', () => {
    const deny = { ...statement, Effect: 'Deny', Condition: { StringEquals: { 'idp.example:sub': 'a' } } };
    expect(takes([statement, deny])).toBe(false);
    expect(takes([statement, deny], 'b')).toBe(true);
  });

  it('that the rehearsal cannot read is refused, naming where', () => {
    expect(() => takes({ ...statement, NotPrincipal: {} })).toThrow(/^Role: .*NotPrincipal/);
    expect(() => takes({ ...statement, Condition: { NumericEquals: { a: '1' } } })).toThrow(/NumericEquals/);
  });
});
