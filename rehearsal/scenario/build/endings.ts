import type { Rehearsal, Walked } from '../../rehearsal.ts';
import type { Step } from '../tell.ts';
import { builderOf, deployByScript, endsOf, runScript, walkOf, type ScriptEnd } from './push-by-script.ts';

/** How a push may end that is not live, as the script tells it to whoever waits. */
export const endings: Step[] = [
  {
    title: 'A release that never becomes healthy',
    run: deployUnhealthy,
    expect: { outcome: 'Failed', failureId: 'health-check-failed', serving: /^[0-9a-f]{6,40}$/ },
    check: async (rehearsal, { deploymentId, servingAfterwards }) => {
      const [before, end] = endsOf(rehearsal, 'web').slice(-2);
      const { 'build-version': version } = before!.values;
      const { deployment } = end!.values;
      return [
        ...ended(end!, 1, /^Failed: health-check-failed: .+/),
        ...(deployment === deploymentId ? [] : [`the script names ${deployment} instead of ${deploymentId}`]),
        ...(servingAfterwards === version ? [] : [`${servingAfterwards} serves instead of ${version}`]),
      ];
    },
  },
  {
    title: 'Three pushes at once: the second waits for the first, and the third takes its place',
    inTests: false,
    run: pushThree,
    expect: { outcome: 'Succeeded', serving: 'third' },
    check: async (rehearsal) => {
      const pushed = endsOf(rehearsal, 'web').slice(-3);
      const of = (version: string) => pushed.find(({ values }) => values['build-version'] === version)!;
      return [
        ...ended(of('first'), 0, /first is live/),
        ...ended(of('second'), 3, /^Superseded: superseded: .+/),
        ...ended(of('third'), 0, /third is live/),
      ];
    },
  },
];

/** A commit that breaks the app, and the one that takes it back. */
async function deployUnhealthy(rehearsal: Rehearsal): Promise<Walked> {
  const builder = builderOf(rehearsal);
  await builder.commit('web', "echo 'ENV HEALTH=never' >>Dockerfile");
  const walked = await deployByScript(rehearsal, 'web');
  await builder.commit('web', 'git checkout --quiet HEAD~1 -- Dockerfile');
  return walked;
}

/** The host is out of reach of SSM until all three are pushed, so that the first does not end before. */
async function pushThree(rehearsal: Rehearsal): Promise<Walked> {
  const agent = rehearsal.agentOf(rehearsal.stage.hosts[0]);
  const starts = ['first', 'second', 'third'].map((tag) => rehearsal.nextStart(`"image-tag":"${tag}"`));
  const push = (version: string) => runScript(rehearsal, 'web', ['--wait', '--build-version', version]);
  const first = push('first');
  await rehearsal.entered(await starts[0]!, 'PullRelease');
  agent.setPing('ConnectionLost');
  const second = push('second');
  await rehearsal.entered(await starts[1]!, 'AcquireLease');
  const third = push('third');
  await rehearsal.entered(await starts[2]!, 'AcquireLease');
  agent.setPing('Online');
  await Promise.all([first, second]);
  return walkOf(rehearsal, await third, starts[2]!);
}

/** Whether the script ended so, and its last line says why. */
function ended({ exitCode, said }: ScriptEnd, expected: number, words: RegExp): string[] {
  const last = said.split('\n').at(-1)!;
  return exitCode === expected && words.test(last) ? [] : [`the script ended with ${exitCode}: ${last}`];
}
