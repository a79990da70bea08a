import type { PhaseName } from '../../../../contracts/phase-name.ts';
import { either, goesOn, inPlaces, isRefused, isStuck, leavesTheOld } from '../endings.ts';
import type { Fault } from '../fault.ts';
import type { Place } from '../place.ts';
import type { Scene } from '../scene.ts';

const phases: readonly PhaseName[] = [
  'inspect',
  'pull-release',
  'run-migrations',
  'start-candidate',
  'switch-traffic',
  'bake',
  'retire',
  'revert',
];
const afterPull: readonly PhaseName[] = ['run-migrations', 'start-candidate'];
const beforeSwitch: readonly Place[] = ['inspect', 'pull-release', ...afterPull];
const afterStart: readonly PhaseName[] = ['switch-traffic', 'bake', 'retire', 'revert'];

const unwritten = ['disk-full', 'phase-interrupted'] as const;

/** To the last block: root may use what a file system keeps back. Nothing is asked for that is not there, or it would be taken and given back. */
const fill = (folder: string) => `
  for unit in 20 10; do
    for size in 1024 256 64 16 4 1; do
      while (($(stat -f -c '%f * %S' ${folder}) >= size << unit)) &&
        fallocate --length $((size << unit)) "${folder}/.filler-$unit-$size-$(date +%N)" 2>/dev/null; do :; done
    done
  done
  rm -f ${folder}/.filler-10-1-*`;

async function fillUp({ ground, undo }: Scene, folder: string): Promise<void> {
  undo(() => ground.shell(`rm -f ${folder}/.filler-*`));
  await ground.shell(fill(folder));
}

export const diskFaults = {
  'docker-volume-full': {
    says: "Docker's volume is filled by somebody else",
    places: phases,
    // What needs no more room of Docker goes on.
    promise: inPlaces(
      afterStart,
      goesOn,
      inPlaces(afterPull, either(goesOn, isRefused('disk-full')), isRefused('disk-full')),
    ),
    strike: (scene) => fillUp(scene, '/mnt/docker-data'),
  },
  'root-disk-full': {
    says: 'the root disk is filled by somebody else',
    places: phases,
    // The agent itself has to write each script, that of the way back too: what it cannot write ends without a receipt. Wherever
    // the disk was filled, that may come to be start-candidate's.
    promise: either(goesOn, leavesTheOld, isRefused(...unwritten), (place) =>
      isStuck(...unwritten)(beforeSwitch.includes(place) ? 'bake' : place),
    ),
    async strike(scene) {
      scene.excuse('root disk full', ['upload']); // which Nginx takes in whole before it passes it on
      await fillUp(scene, '/');
    },
  },
} satisfies Record<string, Fault>;
