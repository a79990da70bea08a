import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Definition, findProblems } from './definition-rules.ts';
import { placeholderProblems } from './definition-placeholders.ts';
import { type CheckResult, resultOf } from './run-check.ts';

interface Verdict {
  readonly errors: readonly { readonly Message: string }[];
}
const validate = createRequire(import.meta.url)('asl-validator') as (definition: unknown) => Verdict;

export const definitionFile = 'state-machines/deploy.asl.json';

/** asl-validator, and our own rules for what it misses, over the state machine as it would be deployed. */
export function checkDefinition(): Promise<CheckResult> {
  return Promise.resolve(resultOf(problemsOf(readFileSync(definitionFile, 'utf8'))));
}

export function problemsOf(text: string): string[] {
  const filled = text.replace(/\$\{(\w+)\}/g, 'arn:aws:lambda:eu-central-1:123456789012:function:$1');
  const definition = JSON.parse(filled) as Definition;
  const { errors } = validate(definition);
  return [...placeholderProblems(text), ...errors.map(({ Message }) => Message), ...findProblems(definition)];
}
