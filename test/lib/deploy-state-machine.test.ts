import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { graphHandlers, substitutionOf } from '../../lib/handler-name.ts';
import { synthesize } from './synthesize.ts';
import { actionsOf, render, resourceNamed, resourcesOf, statementsOf } from './template-parts.ts';

const template = synthesize();
const { Properties } = resourceNamed(template, 'AWS::StepFunctions::StateMachine', 'Deploy');
const substitutions = Properties.DefinitionSubstitutions as Record<string, unknown>;

test('the template carries the graph as the file has it, for people to read', () => {
  expect(Properties.DefinitionString).toBe(readFileSync('state-machines/deploy.asl.json', 'utf8'));
});

test('every ${...} of the graph is substituted, and every substitution is used', () => {
  const used = [...(Properties.DefinitionString as string).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!);
  expect([...new Set(used)].sort()).toEqual(Object.keys(substitutions).sort());
  const filled = (Properties.DefinitionString as string).replace(/\$\{(\w+)\}/g, (_, name: string) =>
    render(substitutions[name]),
  );
  expect(filled).not.toContain('${');
  expect(() => JSON.parse(filled) as unknown).not.toThrow();
});

test.each(graphHandlers)('the name of %s in the graph stands for its own function', (name) => {
  const [logicalId, attribute] = (substitutions[substitutionOf(name)] as { 'Fn::GetAtt': string[] })[
    'Fn::GetAtt'
  ];
  expect(attribute).toBe('Arn');
  expect(resourcesOf(template)[logicalId!]!.Type).toBe('AWS::Lambda::Function');
  expect(logicalId!.toLowerCase()).toContain(name.replace('-', ''));
});

test('the machine may invoke exactly the functions of the graph', () => {
  const invoke = statementsOf(template, 'DeployRole').filter(
    ({ Action }) => Action === 'lambda:InvokeFunction',
  );
  expect(invoke).toHaveLength(1);
  expect((invoke[0]!.Resource as unknown[]).map(render).sort()).toEqual(
    Object.values(substitutions).map(render).sort(),
  );
});

test('besides invoking, the machine may log and trace', () => {
  const actions = actionsOf(statementsOf(template, 'DeployRole')).filter(
    (action) => !/^(logs|xray):/.test(action),
  );
  expect(actions).toEqual(['lambda:InvokeFunction']);
});

test('it is a standard one, traced, and logs everything under /aws/vendedlogs/', () => {
  expect(Properties).toMatchObject({
    StateMachineType: 'STANDARD',
    TracingConfiguration: { Enabled: true },
    LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: true },
  });
  const { LogGroupName, RetentionInDays } = resourceNamed(
    template,
    'AWS::Logs::LogGroup',
    'DeployLogs',
  ).Properties;
  expect(LogGroupName).toMatch(/^\/aws\/vendedlogs\/states\/Test/);
  expect(RetentionInDays).toBe(90);
});

test('functions may act on this machine and on its executions, and on no other', () => {
  const statements = Object.values(resourcesOf(template, 'AWS::IAM::Policy'))
    .flatMap(
      ({ Properties: { PolicyDocument } }) =>
        (PolicyDocument as { Statement: { Resource: unknown }[] }).Statement,
    )
    .filter((statement) => JSON.stringify(statement).includes('"states:'));
  const machine = '<DeployStateMachineC7EB885F>';
  const executions = `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<DeployStateMachineC7EB885F.Name>:*`;
  const resources = new Set(statements.map(({ Resource }) => render(Resource)));
  expect([...resources].sort()).toEqual([machine, executions].sort());
});
