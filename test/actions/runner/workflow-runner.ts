import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Job, ownPath, type Workflow } from '../../../scripts/check/action-files.ts';
import { evaluate } from './expressions.ts';
import { type JobResult, repository, runJob, type Runner } from './job-runner.ts';

export type WorkflowResult = Readonly<Record<string, JobResult>>;

/** Runs a workflow's jobs, one after the other in the order of their needs; a failed one's dependents do not run. */
export async function runWorkflow(text: string, runner: Runner, inputs = {}): Promise<WorkflowResult> {
  const workflow = parse(text) as Workflow;
  const results: Record<string, JobResult> = {};
  const left = Object.entries(workflow.jobs);
  while (left.length > 0) {
    const next = left.findIndex(([, job]) => needsOf(job).every((name) => name in results));
    if (next < 0) throw new Error('jobs need each other, or one that there is not');
    const [name, job] = left.splice(next, 1)[0]!;
    if (needsOf(job).some((need) => results[need]!.failed)) continue;
    const needs = Object.fromEntries(needsOf(job).map((need) => [need, { outputs: results[need]!.outputs }]));
    results[name] = await run(withWorkflow(job, workflow), { inputs, needs, github: {} }, runner);
  }
  return results;
}

const needsOf = ({ needs = [] }: Job) => (typeof needs === 'string' ? [needs] : needs);

const withWorkflow = (job: Job, { env }: Workflow): Job => ({ ...job, env: { ...env, ...job.env } });

async function run(job: Job, contexts: Record<string, unknown>, runner: Runner): Promise<JobResult> {
  if (!job.uses) return runJob(job, contexts, runner);
  const text = readFileSync(join(repository, ownPath(job.uses)!), 'utf8');
  const { inputs = {}, outputs = {} } = (parse(text) as Workflow).on.workflow_call!;
  const defaults = Object.entries(inputs).map(([name, input]) => [name, String(input.default ?? '')]);
  const given = Object.entries(job.with ?? {}).map(([name, value]) => [name, evaluate(value, contexts)]);
  const jobs = await runWorkflow(text, runner, Object.fromEntries([...defaults, ...given]));
  const values = Object.entries(outputs).map(([name, { value }]) => [name, evaluate(value, { jobs })]);
  return {
    failed: Object.values(jobs).some(({ failed }) => failed),
    outputs: Object.fromEntries(values.filter(([, value]) => value !== '')) as Record<string, string>,
    withheld: Object.values(jobs).flatMap(({ withheld }) => withheld),
    steps: Object.values(jobs).flatMap(({ steps }) => steps),
  };
}
