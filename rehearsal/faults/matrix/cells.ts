import { phaseNames } from '../../../contracts/phase-name.ts';
import type { Fault } from './fault.ts';
import { faults } from './faults/index.ts';
import type { GroundKind } from './ground.ts';
import { functionPlaces, type Place } from './place.ts';

/** A fault in a place. */
export interface Cell {
  readonly name: string;
  readonly faultName: string;
  readonly fault: Fault;
  readonly place: Place;
  readonly ground: GroundKind;
}

const needDatabase: readonly Place[] = ['resolve-database', 'run-migrations'];

const cellOf = (faultName: string, fault: Fault, place: Place): Cell => ({
  name: `${faultName} in ${place}`,
  faultName,
  fault,
  place,
  ground: needDatabase.includes(place) ? 'database' : 'plain',
});

/** In a first deployment, which sets the host up: no release is there to be lost. */
const bareCells = (['kill-script', 'reboot'] as const).flatMap((faultName) =>
  (['mount-volume', 'install-docker', 'install-nginx'] as const).map((place): Cell => {
    const cell = cellOf(faultName, faults[faultName], place);
    return { ...cell, name: `${cell.name} of a bare host`, ground: 'bare' };
  }),
);

const grounds: readonly GroundKind[] = ['plain', 'database', 'bare'];

/** Every fault in every place where it can happen, those of one ground together. */
export const cells: readonly Cell[] = Object.entries<Fault>(faults)
  .flatMap(([name, fault]) =>
    [...phaseNames, ...functionPlaces]
      .filter((place) => fault.places.includes(place))
      .map((place) => cellOf(name, fault, place)),
  )
  .concat(bareCells)
  .sort((one, other) => grounds.indexOf(one.ground) - grounds.indexOf(other.ground));

export function cellNamed(name: string): Cell {
  const cell = cells.find((one) => one.name === name);
  if (!cell) throw new Error(`the matrix has no case "${name}"`);
  return cell;
}
