import type { RehearsalHost } from '../../host/host.ts';
import { variants } from '../../images/variants.ts';
import type { Rehearsal, Walked } from '../../rehearsal.ts';
import type { DeploymentReport } from '../../report/report.ts';
import { newBytes } from '../main-job.ts';
import type { Step } from '../tell.ts';
import { askedOf, hostsAsked } from './order.ts';

/** Hosts that are out of reach, come back, or are new. */
export const comings: Step[] = [
  {
    title: 'A push while a host is out of reach',
    inTests: false,
    run: pushWithoutSecond,
    expect: {
      outcome: 'Succeeded',
      serving: /^v7 \(i-\w+, i-\w+\), v6 \(i-\w+\)$/,
      nothingLost: true,
    },
    check: leavesOutSecond,
  },
  {
    title: 'That host is back',
    inTests: false,
    run: async (rehearsal) => {
      rehearsal.agentOf(rehearsal.stage.hosts[1]!).restart();
      return catchUp(rehearsal);
    },
    expect: { outcome: 'Succeeded', serving: 'v7', nothingLost: true },
    check: (rehearsal, deployment) => asksOnly(rehearsal, deployment, rehearsal.stage.hosts[1]!),
  },
  {
    title: 'A new host appears',
    inTests: false,
    run: async (rehearsal) => {
      await rehearsal.addHost();
      return catchUp(rehearsal);
    },
    expect: { outcome: 'Succeeded', serving: 'v7', nothingLost: true },
    check: (rehearsal, deployment) => asksOnly(rehearsal, deployment, rehearsal.stage.hosts.at(-1)!),
  },
];

async function pushWithoutSecond(rehearsal: Rehearsal): Promise<Walked> {
  rehearsal.agentOf(rehearsal.stage.hosts[1]!).kill();
  return rehearsal.push(variants.healthy('v7', newBytes));
}

async function leavesOutSecond(
  rehearsal: Rehearsal,
  { deploymentId, warning }: DeploymentReport,
): Promise<string[]> {
  const { instanceId } = rehearsal.stage.hosts[1]!;
  const asked = askedOf(rehearsal, deploymentId).some((one) => one.instanceId === instanceId);
  return [
    ...(asked ? [`${instanceId} was sent something`] : []),
    ...(warning?.includes(instanceId) ? [] : [`the warning does not name ${instanceId}: ${warning}`]),
  ];
}

/** What the check of the hosts starts by itself, which comes each minute. */
const catchUp = async (rehearsal: Rehearsal): Promise<Walked> =>
  rehearsal.walked(await rehearsal.nextScheduled('"catchUp"'));

async function asksOnly(
  rehearsal: Rehearsal,
  { deploymentId, trigger }: DeploymentReport,
  { instanceId }: RehearsalHost,
): Promise<string[]> {
  const asked = hostsAsked(rehearsal, deploymentId, 'start-candidate');
  return [
    ...(asked.join() === instanceId ? [] : [`${asked.join(', ')} were asked instead of ${instanceId}`]),
    ...(trigger === 'catch-up' ? [] : [`it was deployed by ${trigger}`]),
  ];
}
