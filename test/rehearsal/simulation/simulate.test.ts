import { beforeAll, expect, it } from 'vitest';
import { withStack } from '../../../rehearsal/faults/schedules.ts';
import { simulate, type Simulated } from '../../../rehearsal/simulation/simulate.ts';

/** Schedules of pushes, people, hosts that come and go, aborts and faults in simulated time; a seed that ever failed is added. */
const seeds = [...Array.from({ length: 25 }, (_, index) => index + 1), 469, 828, 1828];

const simulated: Simulated[] = [];
let again: Simulated;

beforeAll(() =>
  withStack(async (stack, apps) => {
    for (const seed of seeds) simulated.push(await simulate(seed, stack, apps));
    again = await simulate(seeds[0]!, stack, apps);
  }),
);

it('whatever happens, no ending contradicts the hosts, the newest request wins, and nothing is left open', () => {
  expect(simulated.filter(({ problems }) => problems.length > 0)).toEqual([]);
});

it('the schedules meet every ending that there is', () => {
  const endings = new Set(simulated.flatMap((one) => one.endings));
  const common = ['Succeeded', 'Failed', 'RolledBack', 'Superseded', 'Rejected', 'Noted', 'ABORTED'];
  expect([...endings]).toEqual(expect.arrayContaining(common));
});

it('a seed gives the same schedule, which ends the same', () => {
  const { endings, happenings, rollout } = simulated[0]!;
  expect(again).toMatchObject({ endings, happenings, rollout });
});
