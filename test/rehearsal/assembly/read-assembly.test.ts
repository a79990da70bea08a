import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployAssembly } from '../../../rehearsal/assembly/read-assembly.ts';
import { resource } from '../../support/small-stack.ts';

const template = {
  Parameters: {
    Url: { Type: 'String', Default: 'https://example.com', AllowedPattern: 'https?://[a-z.]+' },
    BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/x/version' },
    Names: { Type: 'CommaDelimitedList', Default: 'a, b' },
  },
  Rules: { CheckBootstrapVersion: {} },
  Mappings: { Runtimes: { 'eu-central-1': { node: 'nodejs24.x' } } },
  Conditions: {
    IsHere: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] },
    IsAway: { 'Fn::Not': [{ Condition: 'IsHere' }] },
  },
  Resources: {
    Role: { Type: 'AWS::IAM::Role', Properties: {} },
    Function: {
      Type: 'AWS::Lambda::Function',
      Metadata: { 'aws:cdk:path': 'x' },
      Properties: {
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Runtime: { 'Fn::FindInMap': ['Runtimes', { Ref: 'AWS::Region' }, 'node'] },
        Code: { S3Bucket: { 'Fn::Sub': 'cdk-${AWS::AccountId}-${AWS::Region}' }, S3Key: 'abc.zip' },
        Environment: {
          Variables: {
            URL: { Ref: 'Url' },
            TABLE: { 'Fn::Join': ['/', ['x', { Ref: 'Table' }]] },
            SECOND: { 'Fn::Select': [1, { Ref: 'Names' }] },
            LAST: { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Queue', 'Arn'] }] }] },
            WHERE: { 'Fn::If': ['IsHere', 'here', 'away'] },
            GONE: { 'Fn::If': ['IsHere', { Ref: 'AWS::NoValue' }, 'x'] },
            LITERAL: { 'Fn::Sub': ['${!kept} ${own} ${Table.Arn}', { own: 'mine' }] },
          },
        },
      },
    },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: {} },
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'letters' } },
    Away: { Type: 'AWS::SQS::Queue', Condition: 'IsAway', Properties: {} },
    Odd: { Type: 'AWS::Odd::Thing', Properties: { Name: 'x' } },
  },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assembly-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));

function deploy(changes: object = {}, parameters: Record<string, string> = {}) {
  write('manifest.json', {
    artifacts: {
      Small: { type: 'aws:cloudformation:stack', properties: { templateFile: 'Small.template.json' } },
      'Small.assets': { type: 'cdk:asset-manifest', properties: { file: 'Small.assets.json' } },
      Tree: { type: 'cdk:tree' },
    },
  });
  write('Small.assets.json', {
    files: { abc: { source: { path: 'asset.abc' }, destinations: { here: { objectKey: 'abc.zip' } } } },
  });
  write('Small.template.json', { ...template, ...changes });
  return deployAssembly(folder, { parameters, account: '123456789012', region: 'eu-central-1' });
}

const withResource = (Properties: object, Type = 'AWS::SQS::Queue') => ({
  Resources: { ...template.Resources, Extra: { Type, Properties } },
});
type Variables = { Environment: { Variables: Record<string, string> } };
const variables = (stack: ReturnType<typeof deploy>) =>
  (resource(stack, 'Function').properties as unknown as Variables).Environment.Variables;

it('resolves every intrinsic function that the stack uses', () => {
  const stack = deploy();
  const table = resource(stack, 'Table');
  expect(variables(stack)).toEqual({
    URL: 'https://example.com',
    TABLE: `x/${table.ref}`,
    SECOND: 'b',
    LAST: 'letters',
    WHERE: 'here',
    LITERAL: `\${kept} mine ${table.arn}`,
  });
  expect(resource(stack, 'Function').properties).toMatchObject({
    Role: resource(stack, 'Role').arn,
    Runtime: 'nodejs24.x',
    Code: { S3Bucket: 'cdk-123456789012-eu-central-1' },
  });
});

it('names things as CloudFormation does, the same each time', () => {
  const { ref, arn } = resource(deploy(), 'Function');
  expect(ref).toMatch(/^Small-Function-[A-Z0-9]{12}$/);
  expect(arn).toBe(`arn:aws:lambda:eu-central-1:123456789012:function:${ref}`);
  expect(resource(deploy(), 'Function').ref).toBe(ref);
});

it('leaves out a resource whose condition does not hold', () => {
  expect(deploy().resources.map(({ logicalId }) => logicalId)).not.toContain('Away');
});

it('finds an asset’s folder by its S3 key', () => {
  const stack = deploy();
  expect(stack.assetFolder('abc.zip')).toBe(join(folder, 'asset.abc'));
  expect(() => stack.assetFolder('other.zip')).toThrow('no asset other.zip');
});

describe('a parameter', () => {
  it('takes the given value', () => {
    expect(variables(deploy({}, { Url: 'http://other.test' })).URL).toBe('http://other.test');
  });

  it('must match its pattern as a whole', () => {
    expect(() => deploy({}, { Url: 'http://other.test/<script>' })).toThrow(/Url = .* does not match/);
  });

  it('that the stack does not have is refused', () => {
    expect(() => deploy({}, { Nope: 'x' })).toThrow('no parameter Nope');
  });

  it('from Parameter Store is refused once something refers to it, unless its value is given', () => {
    const changes = withResource({ QueueName: { Ref: 'BootstrapVersion' } });
    expect(() => deploy(changes)).toThrow('BootstrapVersion is read from Parameter Store');
    expect(resource(deploy(changes, { BootstrapVersion: '9' }), 'Extra').arn).toContain(':9');
  });
});

describe('is refused, by name:', () => {
  const cases: [string, object, string][] = [
    ['an unknown function', withResource({ QueueName: { 'Fn::ImportValue': 'x' } }), 'Fn::ImportValue'],
    [
      'an unknown attribute',
      withResource({ DelaySeconds: { 'Fn::GetAtt': ['Queue', 'Odd'] } }),
      'attribute Odd of Queue',
    ],
    [
      'a type that something refers to',
      withResource({ DelaySeconds: { Ref: 'Odd' } }),
      'type AWS::Odd::Thing of Odd',
    ],
    [
      'something that is not there',
      withResource({ DelaySeconds: { Ref: 'Nothing' } }),
      'Nothing, which it does not have',
    ],
    ['a name that refers to itself', withResource({ QueueName: { Ref: 'Extra' } }), 'Extra refers to itself'],
    ['an unknown section', { Transform: 'AWS::Serverless' }, 'section Transform'],
    ['a rule', { Rules: { Mine: {} } }, 'rule Mine'],
  ];
  it.each(cases)('%s', (_what, changes, message) => {
    expect(() => deploy(changes)).toThrow(message);
  });

  it('an assembly that is not there, with what to do', () => {
    expect(() => deployAssembly(join(folder, 'none'), { account: '1', region: 'x' })).toThrow(
      'npm run synth',
    );
  });
});
