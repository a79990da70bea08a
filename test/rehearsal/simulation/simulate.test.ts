import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppSettings } from '../../../contracts/app-settings.ts';
import { appSettings } from '../../../lib/app-settings.ts';
import { readConfig } from '../../../lib/read-config.ts';
import { deployAssembly } from '../../../rehearsal/assembly/read-assembly.ts';
import type { DeployedStack } from '../../../rehearsal/assembly-types.ts';
import { defaultConfig } from '../../../rehearsal/rehearsal.ts';
import { simulate, type Simulated } from '../../../rehearsal/simulation/simulate.ts';
import { synthesize } from '../../../rehearsal/synthesize.ts';

/** Schedules of pushes, people, aborts and faults in simulated time; a seed that ever failed is added here. */
const seeds = Array.from({ length: 25 }, (_, index) => index + 1);

let folder: string;
let stack: DeployedStack;
let apps: AppSettings[];
const simulated: Simulated[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgepaas-simulation-'));
  await synthesize(defaultConfig, folder);
  stack = deployAssembly(folder, { account: '123456789012', region: 'eu-central-1' });
  apps = appSettings(await readConfig(defaultConfig));
  for (const seed of seeds) simulated.push(await simulate(seed, stack, apps));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('whatever happens, no ending contradicts the hosts, the newest request wins, and nothing is left open', () => {
  expect(simulated.filter(({ problems }) => problems.length > 0)).toEqual([]);
});

it('the schedules meet every ending that there is', () => {
  const endings = new Set(simulated.flatMap((one) => one.endings));
  const common = ['Succeeded', 'Failed', 'RolledBack', 'Superseded', 'Rejected', 'Noted', 'ABORTED'];
  expect([...endings]).toEqual(expect.arrayContaining(common));
});

it('a seed gives the same schedule, which ends the same', async () => {
  const { endings, happenings } = simulated[0]!;
  expect(await simulate(seeds[0]!, stack, apps)).toMatchObject({ endings, happenings });
});
