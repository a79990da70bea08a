import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, CloudFormationValidatePlugin, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EdgePaasConfigInput } from '../../contracts/config.ts';
import example from '../../edgepaas.config.ts';
import { configWith, everything, makeStack } from './synthesize.ts';

afterEach(() => void vi.restoreAllMocks());

/** What cdk-nag finds and nobody has answered for, as `<rule> at <path>`. */
function findings(input: EdgePaasConfigInput): string[] {
  const app = makeStack(input).node.root as App;
  return new AwsSolutionsChecks(app)
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
}

interface Acknowledged {
  readonly id: string;
  readonly reason: string;
}

/** Every acknowledgement that the stack makes, made or only noted. */
function acknowledgements(
  input: EdgePaasConfigInput,
  make: boolean,
): { all: Acknowledged[]; found: string[] } {
  const all: Acknowledged[] = [];
  const real = Validations.prototype.acknowledge;
  vi.spyOn(Validations.prototype, 'acknowledge').mockImplementation(function (this: Validations, ...given) {
    all.push(...given);
    if (make) real.apply(this, given);
  });
  return { all, found: findings(input) };
}

describe.each([
  ['the example configuration', example],
  ['a configuration with everything', everything],
  ['the least configuration', configWith()],
])('of %s', (_, input) => {
  test('cdk-nag’s AwsSolutions finds nothing that is not answered for', () => {
    expect(findings(input)).toEqual([]);
  });

  test('every answer has a reason, in words', () => {
    for (const { id, reason } of acknowledgements(input, true).all)
      expect(reason, id).toMatch(/^\S+( \S+){3,}/);
  });

  test('no answer has outlived its finding', () => {
    const { all, found } = acknowledgements(input, false);
    const rules = new Set(found.map((finding) => finding.split(' at ')[0]));
    expect(all.map(({ id }) => id).filter((id) => !rules.has(id))).toEqual([]);
  });
});

test('CloudFormation’s own rules find nothing in a configuration with everything', () => {
  const stack = makeStack(everything);
  const app = stack.node.root as App;
  Validations.of(app).addPlugins(new CloudFormationValidatePlugin());
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const assembly = app.synth();
  const { pluginReports } = JSON.parse(
    readFileSync(join(assembly.directory, 'validation-report.json'), 'utf8'),
  ) as { pluginReports: unknown[] };
  expect(pluginReports).toEqual([]);
});
