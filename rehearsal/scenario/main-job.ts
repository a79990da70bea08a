import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { variants } from '../images/variants.ts';
import type { Load } from '../load/start-load.ts';
import { startLoad } from '../load/start-load.ts';
import type { Rehearsal, Walked } from '../rehearsal.ts';
import { describeDeployment, summarizeLoad } from '../report/describe-deployment.ts';
import type { DeploymentReport } from '../report/report.ts';
import { expectations, type Expectation } from './expectations.ts';

/** New bytes in each release, as an app's own layer has them. */
export const newBytes = 1_000_000;
/** Milliseconds of network delay each way, between the clients and the host. */
const delayMs = 20;

interface Step {
  readonly name: string;
  readonly title: string;
  readonly run: (rehearsal: Rehearsal) => Promise<Walked>;
  readonly expect: Expectation;
}

const steps: readonly Step[] = [
  {
    name: 'a',
    title: 'A first push to a bare host',
    run: (rehearsal) => rehearsal.push(variants.healthy('v1', newBytes)),
    expect: { outcome: 'Succeeded', serving: 'v1' },
  },
  {
    name: 'b',
    title: 'The next push',
    run: (rehearsal) => rehearsal.push(variants.healthy('v2', newBytes)),
    expect: { outcome: 'Succeeded', serving: 'v2', nothingLost: true },
  },
  {
    name: 'c',
    title: 'A release that never becomes healthy',
    run: (rehearsal) => rehearsal.push(variants.neverHealthy('v3')),
    expect: { outcome: 'Failed', failureId: 'health-check-failed', serving: 'v2', nothingLost: true },
  },
  {
    name: 'd',
    title: 'The first release again, by hand',
    run: (rehearsal) => rehearsal.execute({ app: rehearsal.app.name, buildVersion: 'v1' }),
    expect: { outcome: 'Succeeded', serving: 'v1', nothingLost: true },
  },
  {
    name: 'e',
    title: 'A release that dies seconds after the switch',
    run: (rehearsal) => rehearsal.push(variants.diesUnderTraffic('v4', 1500)),
    expect: { outcome: 'RolledBack', failureId: 'candidate-died', serving: 'v1' },
  },
];

export interface Told {
  readonly deployments: DeploymentReport[];
  readonly problems: string[];
}

export interface Narrator {
  begins(title: string): void;
  ended(deployment: DeploymentReport, problems: readonly string[]): void;
  aborted(): boolean;
}

/** The main job: live, replaced under load, refused, brought back, rolled back. */
export async function tellMainJob(
  rehearsal: Rehearsal,
  narrator: Narrator,
  onLoad: (load: Load) => void,
): Promise<Told> {
  const { target } = rehearsal.stage;
  const deployments: DeploymentReport[] = [];
  let load: Load | undefined;
  for (const step of steps) {
    if (narrator.aborted()) break;
    const title = load ? `${step.title}, under load` : step.title;
    narrator.begins(title);
    await load?.mark(step.name);
    const deployment = await describeDeployment(rehearsal, title, await step.run(rehearsal));
    deployments.push(deployment);
    const problems = expectations(deployment, step.expect);
    narrator.ended(deployment, problems);
    if (problems.length > 0) break; // what comes next builds on it
    if (!load && target) {
      load = await startLoad({ target, hostHeader: target.hostHeader, delayMs });
      onLoad(load);
    }
  }
  if (!load) return judge(deployments);
  const seen = await load.stop();
  writeFileSync(join(rehearsal.logFolder, 'load.json'), JSON.stringify(seen, null, 2));
  return judge(withLoad(deployments, seen));
}

/** Again with what the clients saw, which is known only when they have ended. */
function judge(deployments: DeploymentReport[]): Told {
  const problems = deployments.flatMap((deployment, index) => expectations(deployment, steps[index]!.expect));
  const untold = steps.slice(deployments.length).map(({ title }) => title);
  const rest = untold.length > 0 ? [`Not rehearsed after that: ${untold.join('; ')}`] : [];
  return { deployments, problems: [...problems, ...rest] };
}

function withLoad(
  deployments: DeploymentReport[],
  { sections }: Awaited<ReturnType<Load['stop']>>,
): DeploymentReport[] {
  return deployments.map((deployment, index) => {
    const section = sections.find(({ name }) => name === steps[index]!.name);
    return { ...deployment, load: section ? summarizeLoad(section) : null };
  });
}
