import type { Rehearsal, Walked } from '../../rehearsal.ts';
import type { DeploymentReport } from '../../report/report.ts';
import { variants } from '../../images/variants.ts';
import { newBytes } from '../main-job.ts';
import type { Step } from '../tell.ts';
import { killUnderTraffic, takeIdlePort } from './faults.ts';
import { hostsAsked } from './order.ts';

const lastOf = ({ stage }: Rehearsal) => stage.hosts.at(-1)!;

/** What goes wrong in the last wave alone brings every host back to the release before. */
export const lastWave: Step[] = [
  {
    title: 'A release that the last host alone cannot start',
    run: pushWithPortTaken,
    expect: { outcome: 'RolledBack', failureId: 'slot-port-taken', serving: 'v2', nothingLost: true },
    check: everyHostIsBack,
  },
  {
    title: 'One that is killed under traffic on the last host alone',
    inTests: false,
    run: async (rehearsal) => {
      killUnderTraffic(lastOf(rehearsal), 'v5');
      return rehearsal.push(variants.healthy('v5', newBytes));
    },
    // What was in flight in the container that was killed is lost with it.
    expect: {
      outcome: 'RolledBack',
      failureId: 'candidate-died',
      serving: 'v2',
      nothingLost: true,
      exceptOn: [2],
    },
    check: everyHostIsBack,
  },
  {
    title: 'The next push',
    inTests: false,
    run: (rehearsal) => rehearsal.push(variants.healthy('v6', newBytes)),
    expect: { outcome: 'Succeeded', serving: 'v6', nothingLost: true },
  },
];

async function pushWithPortTaken(rehearsal: Rehearsal): Promise<Walked> {
  const giveBack = await takeIdlePort(rehearsal, lastOf(rehearsal));
  const walked = await rehearsal.push(variants.healthy('v4', newBytes));
  await giveBack();
  return walked;
}

/** The two before had it live and were brought back; the outcome names the last one, and says that v2 is on all three. */
async function everyHostIsBack(
  rehearsal: Rehearsal,
  { deploymentId, cause }: DeploymentReport,
): Promise<string[]> {
  const ids = rehearsal.stage.hosts.map(({ instanceId }) => instanceId);
  const problems = [];
  const reverted = hostsAsked(rehearsal, deploymentId, 'revert').toSorted();
  if (reverted.join() !== ids.join()) problems.push(`${reverted.join(', ')} were brought back, and not all`);
  if (!cause?.includes(`on 1 of 1 hosts: ${ids.at(-1)}`))
    problems.push(`the cause does not name the host: ${cause}`);
  return problems;
}
