import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agree } from '../agreement/agree.ts';
import type { Rates } from '../load/rates.ts';
import type { Rehearsal, Walked } from '../rehearsal.ts';
import { describeDeployment } from '../report/describe-deployment.ts';
import { summarizeLoad, totalLoad } from '../report/host-reports.ts';
import type { DeploymentReport } from '../report/report.ts';
import { expectations, type Expectation } from './expectations.ts';
import { HostLoads, type LoadReports } from './host-loads.ts';

/** One deployment of a scenario, and how it should end. */
export interface Step {
  readonly title: string;
  readonly run: (rehearsal: Rehearsal) => Promise<Walked>;
  readonly expect: Expectation;
  /** false: too long for the tests, which prove it on the host alone. */
  readonly inTests?: boolean;
  /** Before the step: constant load begins on every host, or what runs of it ends. */
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
  /** What is not as it should be, by deployment. */
  readonly found: readonly string[][];
  /** All of that, and what was not rehearsed. */
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
  onLoad: (load: HostLoads) => void,
): Promise<Told> {
  const deployments: DeploymentReport[] = [];
  const seen: LoadReports[] = [];
  const found: string[][] = [];
  let load: HostLoads | undefined;
  const endLoad = async () => {
    if (load) seen.push(await load.stop());
    load = undefined;
  };
  for (const [index, step] of steps.entries()) {
    if (narrator.aborted()) break;
    if (step.load === 'end') await endLoad();
    if (step.load === 'begin') {
      load = await HostLoads.start(rehearsal.stage, rates);
      if (load) onLoad(load);
    }
    const title = load ? `${step.title}, under load` : step.title;
    narrator.begins(title);
    await load?.mark(String(index));
    const deployment = await describeDeployment(rehearsal, title, await step.run(rehearsal));
    deployments.push(deployment);
    const told = (sentence: string) => `${title}: ${sentence}`;
    const problems = [...expectations(deployment, step.expect), ...(await agree(rehearsal)).map(told)];
    // A check goes by what should be: of something else it would only confuse.
    if (problems.length === 0)
      problems.push(...((await step.check?.(rehearsal, deployment)) ?? []).map(told));
    found.push(problems);
    narrator.ended(deployment, problems);
    if (problems.length > 0) break;
  }
  await endLoad();
  keepReports(seen, rehearsal.logFolder);
  return judge(steps, withLoad(deployments, seen), found);
}

/** Again with what the clients saw, which is known only when they have ended. */
function judge(steps: readonly Step[], deployments: DeploymentReport[], found: string[][]): Told {
  const all = deployments.map((deployment, index) => [
    ...new Set([...found[index]!, ...expectations(deployment, steps[index]!.expect)]),
  ]);
  const untold = steps.slice(deployments.length).map(({ title }) => title);
  const rest = untold.length > 0 ? [`Not rehearsed after that: ${untold.join('; ')}`] : [];
  return { deployments, found: all, problems: [...all.flat(), ...rest] };
}

function withLoad(deployments: DeploymentReport[], seen: LoadReports[]): DeploymentReport[] {
  return deployments.map((deployment, index) => {
    const hosts = deployment.hosts.map((host) => {
      const sections = seen.flatMap((reports) => reports.get(host.instanceId)?.sections ?? []);
      const section = sections.find(({ name }) => name === String(index));
      return { ...host, load: section ? summarizeLoad(section) : null };
    });
    return { ...deployment, hosts, load: totalLoad(hosts) };
  });
}

function keepReports(seen: readonly LoadReports[], logFolder: string): void {
  if (seen.length === 0) return;
  const reports = seen.map((one) => Object.fromEntries(one));
  writeFileSync(join(logFolder, 'load.json'), JSON.stringify(reports, null, 2));
}
