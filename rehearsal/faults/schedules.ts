import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppSettings } from '../../contracts/app-settings.ts';
import { appSettings } from '../../lib/app-settings.ts';
import { readConfig } from '../../lib/read-config.ts';
import { deployAssembly } from '../assembly/read-assembly.ts';
import type { DeployedStack } from '../assembly-types.ts';
import { defaultConfig } from '../rehearsal.ts';
import { simulate, type Simulated } from '../simulation/simulate.ts';
import { synthesize } from '../synthesize.ts';
import type { CaseResult, Part } from './part.ts';

const [blocks, blockSize] = [20, 250];

/** Thousands of schedules in simulated time, a block of seeds a case: `schedules 1-250`. */
export const schedules: Part = {
  name: 'schedules',
  help: `${blocks * blockSize} random schedules of pushes, people, lost hosts and faults, judged in simulated time`,
  cases: (seed) =>
    Array.from({ length: blocks }, (_, block) => nameOf(((seed - 1) * blocks + block) * blockSize + 1)),
  async run(cases, { signal, say, tell }) {
    await withStack(async (stack, apps) => {
      for (const name of cases) {
        if (signal.aborted) return;
        const result = await runBlock(name, stack, apps, signal);
        if (result) tell(result);
        say(name);
      }
    });
  },
};

const nameOf = (first: number) => `schedules ${first}-${first + blockSize - 1}`;

/** The rehearsal's stack, synthesized for this alone. */
export async function withStack<T>(
  use: (stack: DeployedStack, apps: AppSettings[]) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'edgepaas-schedules-'));
  try {
    await synthesize(defaultConfig, folder);
    const stack = deployAssembly(folder, { account: '123456789012', region: 'eu-central-1' });
    return await use(stack, appSettings(await readConfig(defaultConfig)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Undefined when it was interrupted: half a block is none. */
async function runBlock(
  name: string,
  stack: DeployedStack,
  apps: AppSettings[],
  signal: AbortSignal,
): Promise<CaseResult | undefined> {
  const [first = 1, last = first] = (name.match(/\d+/g) ?? []).map(Number);
  const simulated: Simulated[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    if (signal.aborted) return undefined;
    simulated.push(await simulate(seed, stack, apps));
  }
  return { name, problems: simulated.flatMap(problemsOf), figures: figuresOf(simulated) };
}

const problemsOf = ({ seed, problems }: Simulated) => problems.map((problem) => `seed ${seed}: ${problem}`);

const outcomes = ['Succeeded', 'RolledBack', 'Failed', 'Inconsistent', 'Superseded'];

function figuresOf(simulated: readonly Simulated[]): CaseResult['figures'] {
  const endings = simulated.flatMap((one) => one.endings);
  const count = (wanted: readonly string[]) => endings.filter((ending) => wanted.includes(ending)).length;
  return {
    schedules: simulated.length,
    deployments: count(outcomes.slice(0, 4)),
    ...Object.fromEntries(outcomes.map((outcome) => [outcome, count([outcome])])),
    aborted: count(['ABORTED']),
    hosts: simulated.reduce((sum, { hosts }) => sum + hosts, 0),
  };
}
