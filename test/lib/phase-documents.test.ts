import { describe, expect, test } from 'vitest';
import { phaseNames } from '../../contracts/phase-name.ts';
import { phases } from '../../contracts/phases/index.ts';
import { pascalCase } from '../../lib/handler-name.ts';
import { synthesize } from './synthesize.ts';
import { resourceNamed } from './template-parts.ts';

interface Parameter {
  readonly type: string;
  readonly description: string;
  readonly allowedPattern: string;
  readonly interpolationType?: string;
}
interface Content {
  readonly schemaVersion: string;
  readonly parameters: Record<string, Parameter>;
  readonly mainSteps: {
    action: string;
    name: string;
    inputs: { timeoutSeconds: string; runCommand: string[] };
  }[];
}

const template = synthesize();

describe.each(phaseNames)('the document of %s', (phase) => {
  const { Properties } = resourceNamed(template, 'AWS::SSM::Document', `Phases${pascalCase(phase)}`);
  const content = Properties.Content as Content;
  const step = content.mainSteps[0]!;
  const script = step.inputs.runCommand.join('\n');

  test('is one step of that name, that runs a bash script', () => {
    expect(content.schemaVersion).toBe('2.2');
    expect(content.mainSteps).toHaveLength(1);
    expect(step).toMatchObject({ action: 'aws:runShellScript', name: phase });
    expect(step.inputs.runCommand[0]).toMatch(/^#!.*\bbash$/);
  });

  test('hands over every parameter as environment, checked by a pattern, with no default', () => {
    const { executionTimeout, ...others } = content.parameters;
    expect(Object.keys(others)).toEqual([
      'app',
      'deploymentId',
      'fence',
      ...Object.keys(phases[phase].parameters),
    ]);
    for (const parameter of Object.values(others))
      expect(parameter).toEqual({
        type: 'String',
        interpolationType: 'ENV_VAR',
        description: expect.stringMatching(/./),
        allowedPattern: expect.stringMatching(/^\^.*\$$/),
      });
    expect(executionTimeout).toEqual({
      type: 'String',
      description: expect.any(String),
      allowedPattern: '^[1-9][0-9]{0,4}$',
    });
  });

  test('names parameters as the agent takes them', () => {
    for (const name of Object.keys(content.parameters)) expect(name).toMatch(/^[a-zA-Z0-9]+$/);
  });

  test('substitutes nothing but the timeout, so that no value can become code', () => {
    expect(step.inputs.timeoutSeconds).toBe('{{ executionTimeout }}');
    expect(script).not.toContain('{{');
  });

  test('declares the parameters that the script begins with, no more and no fewer', () => {
    const [, begins] = /^phase::begin ((?:[^\n\\]|\\\n)+)$/m.exec(script)!;
    const [name, ...names] = begins!.replaceAll('\\\n', ' ').trim().split(/\s+/);
    expect(name).toBe(phase);
    expect(names.sort()).toEqual(Object.keys(phases[phase].parameters).sort());
  });

  test('leaves room for its parameters within the 64 KB of a document', () => {
    expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(60_000);
  });

  test('gets a new version when it changes, so that a running deployment keeps the one it planned with', () => {
    expect(Properties).toMatchObject({ DocumentType: 'Command', UpdateMethod: 'NewVersion' });
    expect(Properties).not.toHaveProperty('Name');
  });

  test('is tagged with its stack', () => {
    expect(Properties.Tags).toEqual([{ Key: 'edgepaas-stack', Value: 'Test' }]);
  });
});
