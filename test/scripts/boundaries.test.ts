import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { expect, test } from 'vitest';

const configFile: string = '../../eslint.config.js'; // untyped JavaScript
const { default: config } = (await import(configFile)) as { default: Linter.Config[] };

/** The boundaries alone, without the rules that need a whole project. */
const boundaries = config.filter(({ rules }) => rules && 'no-restricted-imports' in rules);
const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: [
    { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } },
    ...boundaries,
  ] as never,
});

async function problemsOf(filePath: string, source: string): Promise<string[]> {
  const [result] = await eslint.lintText(`export * from '${source}';\nimport type {} from '${source}';`, {
    filePath,
  });
  return [...new Set(result!.messages.map(({ message }) => message))];
}

test.each([
  ['contracts/config.ts', 'zod'],
  ['contracts/phases/bake.ts', 'zod/mini'],
  ['contracts/phases/bake.ts', '../phase.ts'],
  ['lib/stack.ts', 'aws-cdk-lib/aws-lambda'],
  ['lib/stack.ts', '../contracts/config.ts'],
  ['lib/stack.ts', './alarms.ts'],
  ['lambdas/sweep.ts', '@aws-sdk/client-ssm'],
  ['lambdas/lib/ledger.ts', '../../contracts/plan.ts'],
  ['lambdas/lib/ledger.ts', '../sweep.ts'],
  ['bin/edgepaas.ts', '../lib/edgepaas-stack.ts'],
  ['rehearsal/asl/run.ts', '../../contracts/plan.ts'],
])('%s may import %s', async (file, source) => {
  expect(await problemsOf(file, source)).toEqual([]);
});

test.each([
  ['contracts/config.ts', 'node:fs'],
  ['contracts/config.ts', '../lib/stack.ts'],
  ['contracts/phases/bake.ts', '../../lambdas/sweep.ts'],
  ['contracts/phases/bake.ts', 'zod/v3'],
  ['lib/stack.ts', '@aws-sdk/client-ssm'],
  ['lib/stack.ts', '../rehearsal/clock.ts'],
  ['lib/stack.ts', '../lambdas/sweep.ts'],
  ['lambdas/sweep.ts', 'aws-cdk-lib'],
  ['lambdas/sweep.ts', '../lib/handler-name.ts'],
  ['lambdas/lib/ledger.ts', '../../rehearsal/clock.ts'],
  ['bin/edgepaas.ts', '../rehearsal/main.ts'],
])('%s may not import %s', async (file, source) => {
  const folder = file.split('/')[0];
  expect(await problemsOf(file, source)).toEqual([expect.stringContaining(`${folder}/ may import `)]);
});
