import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { Action, Job, Step, Values } from '../../../scripts/check/action-files.ts';
import { ownPath } from '../../../scripts/check/action-files.ts';
import { type Contexts, evaluate, isAlways, referredSecrets } from './expressions.ts';
import { SecretMasker } from './secret-masker.ts';
import { runStep, type StepResult } from './step-runner.ts';

export const repository = join(import.meta.dirname, '..', '..', '..');

/** Somebody else's action, or what stands in for one of ours: it may register masks, and answers outputs. */
export type OtherAction = (
  inputs: Readonly<Record<string, string>>,
  masker: SecretMasker,
) => Record<string, string>;

export interface Runner {
  readonly secrets: Readonly<Record<string, string>>;
  /** By what `uses:` says. */
  readonly others: Readonly<Record<string, OtherAction>>;
  /** What every step has in its environment: PATH, GITHUB_SHA, ... */
  readonly environment: Readonly<Record<string, string>>;
}

export interface JobResult {
  readonly failed: boolean;
  /** What other jobs get. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of outputs that were withheld. */
  readonly withheld: readonly string[];
  readonly steps: readonly StepResult[];
}

interface State {
  readonly runner: Runner;
  readonly masker: SecretMasker;
  readonly environment: Record<string, string>;
  readonly done: StepResult[];
}

/** Each job has a token, which is a secret of it whatever its permissions. */
const token = 'ghs_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** Runs a job as a runner does: a new machine, its own secrets, and its outputs judged when it ends, by all masks until then. */
export async function runJob(job: Job, contexts: Contexts, runner: Runner): Promise<JobResult> {
  const masker = new SecretMasker();
  const names = referredSecrets(job);
  const secrets = Object.fromEntries(names.map((name) => [name, runner.secrets[name] ?? '']));
  for (const secret of [token, ...Object.values(secrets)]) masker.addSecret(secret);
  const state: State = { runner, masker, environment: { ...runner.environment }, done: [] };
  const all = { ...contexts, secrets };
  Object.assign(state.environment, valuesOf(job.env, { ...all, steps: {} }));
  const { steps, failed } = await runSteps(job.steps ?? [], all, state, {});
  return { failed, ...judgeOutputs(job, { ...all, steps }, masker), steps: state.done };
}

/** Source: actions/runner, src/Runner.Worker/JobExtension.cs, FinalizeJob: "Skip output since it may contain secret". */
export function judgeOutputs(job: Pick<Job, 'outputs'>, contexts: Contexts, masker: SecretMasker) {
  const outputs = Object.entries(valuesOf(job.outputs, contexts)).filter(([, value]) => value !== '');
  return {
    outputs: Object.fromEntries(outputs.filter(([, value]) => masker.leaves(value))),
    withheld: outputs.filter(([, value]) => !masker.leaves(value)).map(([name]) => name),
  };
}

type StepsContext = Record<string, { outputs: Readonly<Record<string, string>> }>;

interface Ended {
  readonly failed: boolean;
  readonly steps: StepsContext;
}
interface StepEnded {
  readonly code: number;
  readonly outputs: Readonly<Record<string, string>>;
}

async function runSteps(
  steps: readonly Step[],
  contexts: Contexts,
  state: State,
  environment: Values,
): Promise<Ended> {
  const known: StepsContext = {};
  let failed = false;
  for (const step of steps) {
    if (failed && !isAlways(step.if)) continue;
    const all = { ...contexts, steps: known };
    const own = { ...environment, ...valuesOf(step.env, all) };
    const { outputs, code } = step.uses
      ? await runAction(step, all, state, own)
      : await runScript(step, all, state, own);
    if (step.id) known[step.id] = { outputs };
    failed ||= code !== 0;
  }
  return { steps: known, failed };
}

async function runScript(
  step: Step,
  contexts: Contexts,
  state: State,
  environment: Values,
): Promise<StepEnded> {
  const result = await runStep({
    script: evaluate(step.run!, contexts),
    shell: step.shell,
    environment: { ...state.environment, ...valuesOf(environment, contexts) },
    folder: state.runner.environment['GITHUB_WORKSPACE'],
    masker: state.masker,
  });
  state.done.push(result);
  Object.assign(state.environment, result.environment);
  return result;
}

/** A composite action of ours runs as its action.yml says; its steps see its inputs and no secrets. */
async function runAction(
  { uses, with: given }: Step,
  contexts: Contexts,
  state: State,
  environment: Values,
): Promise<StepEnded> {
  const inputs = valuesOf(given, contexts);
  const other = state.runner.others[uses!];
  if (other) return { outputs: other(inputs, state.masker), code: 0 };
  const file = join(repository, ownPath(uses!) ?? `no action ${uses}`);
  const action = parse(readFileSync(file, 'utf8')) as Action;
  const defaults = Object.entries(action.inputs ?? {}).map(([name, input]) => [
    name,
    String(input.default ?? ''),
  ]);
  const inner = { inputs: { ...Object.fromEntries(defaults), ...inputs }, github: contexts['github'] };
  const { steps, failed } = await runSteps(action.runs.steps, inner, state, {
    ...environment,
    GITHUB_ACTION_PATH: dirname(file),
  });
  const outputs = Object.entries(action.outputs ?? {}).map(([name, { value }]) => [
    name,
    evaluate(value, { steps }),
  ]);
  return { outputs: Object.fromEntries(outputs) as Record<string, string>, code: failed ? 1 : 0 };
}

const valuesOf = (values: Values | undefined, contexts: Contexts): Record<string, string> =>
  Object.fromEntries(Object.entries(values ?? {}).map(([name, value]) => [name, evaluate(value, contexts)]));
