import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLoad, type Load } from '../load/start-load.ts';
import type { LoadReport } from '../load/load-report.ts';
import type { Rates } from '../load/rates.ts';
import type { Rehearsal, Walked } from '../rehearsal.ts';
import { describeDeployment, summarizeLoad } from '../report/describe-deployment.ts';
import type { DeploymentReport } from '../report/report.ts';
import { expectations, type Expectation } from './expectations.ts';

/** Milliseconds of network delay each way, between the clients and the host. */
const delayMs = 20;

/** One deployment of a scenario, and how it should end. */
export interface Step {
  readonly title: string;
  readonly run: (rehearsal: Rehearsal) => Promise<Walked>;
  readonly expect: Expectation;
  /** false: too long for the tests, which prove it on the host alone. */
  readonly inTests?: boolean;
  /** Before the step: constant load begins, or what runs of it ends. */
  readonly load?: 'begin' | 'end';
  /** What else must be true afterwards; a sentence for each thing that is not. */
  readonly check?: (rehearsal: Rehearsal, deployment: DeploymentReport) => Promise<string[]>;
}

export interface Scenario {
  readonly steps: readonly Step[];
  readonly rates?: Partial<Rates>;
}

export interface Told {
  readonly deployments: DeploymentReport[];
  readonly problems: string[];
}

export interface Narrator {
  begins(title: string): void;
  ended(deployment: DeploymentReport, problems: readonly string[]): void;
  aborted(): boolean;
}

/** Walks a scenario's steps to the end, or to the first that does not end as it should: what comes next builds on it. */
export async function tellScenario(
  rehearsal: Rehearsal,
  { steps, rates }: Scenario,
  narrator: Narrator,
  onLoad: (load: Load) => void,
): Promise<Told> {
  const { target } = rehearsal.stage;
  const deployments: DeploymentReport[] = [];
  const seen: LoadReport[] = [];
  const found: string[][] = [];
  let load: Load | undefined;
  const endLoad = async () => {
    if (load) seen.push(await load.stop());
    load = undefined;
  };
  for (const [index, step] of steps.entries()) {
    if (narrator.aborted()) break;
    if (step.load === 'end') await endLoad();
    if (step.load === 'begin' && target) {
      load = await startLoad({ target, hostHeader: target.hostHeader, delayMs, rates });
      onLoad(load);
    }
    const title = load ? `${step.title}, under load` : step.title;
    narrator.begins(title);
    await load?.mark(String(index));
    const deployment = await describeDeployment(rehearsal, title, await step.run(rehearsal));
    deployments.push(deployment);
    const problems = [
      ...expectations(deployment, step.expect),
      ...((await step.check?.(rehearsal, deployment)) ?? []).map((problem) => `${title}: ${problem}`),
    ];
    found.push(problems);
    narrator.ended(deployment, problems);
    if (problems.length > 0) break;
  }
  await endLoad();
  if (seen.length > 0) writeFileSync(join(rehearsal.logFolder, 'load.json'), JSON.stringify(seen, null, 2));
  return judge(steps, withLoad(deployments, seen), found);
}

/** Again with what the clients saw, which is known only when they have ended. */
function judge(steps: readonly Step[], deployments: DeploymentReport[], found: string[][]): Told {
  const problems = deployments.flatMap((deployment, index) => [
    ...new Set([...found[index]!, ...expectations(deployment, steps[index]!.expect)]),
  ]);
  const untold = steps.slice(deployments.length).map(({ title }) => title);
  const rest = untold.length > 0 ? [`Not rehearsed after that: ${untold.join('; ')}`] : [];
  return { deployments, problems: [...problems, ...rest] };
}

function withLoad(deployments: DeploymentReport[], seen: LoadReport[]): DeploymentReport[] {
  const sections = seen.flatMap((report) => report.sections);
  return deployments.map((deployment, index) => {
    const section = sections.find(({ name }) => name === String(index));
    return { ...deployment, load: section ? summarizeLoad(section) : null };
  });
}
