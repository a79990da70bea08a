import { phaseNames, type PhaseName } from '../../../contracts/phase-name.ts';
import type { Fault } from './fault.ts';
import { faults, type FaultName } from './faults/index.ts';
import type { GroundKind } from './ground.ts';

/** A fault in a phase. */
export interface Cell {
  readonly name: string;
  readonly faultName: FaultName;
  readonly fault: Fault;
  readonly phase: PhaseName;
  readonly ground: GroundKind;
}

const needDatabase: readonly PhaseName[] = ['resolve-database', 'run-migrations'];

const cellOf = (faultName: FaultName, fault: Fault, phase: PhaseName): Cell => ({
  name: `${faultName} in ${phase}`,
  faultName,
  fault,
  phase,
  ground: needDatabase.includes(phase) ? 'database' : 'plain',
});

/** Every fault in every phase where it can happen, those of one ground together. */
export const cells: readonly Cell[] = Object.entries(faults)
  .flatMap(([name, fault]: [string, Fault]) =>
    phaseNames
      .filter((phase) => fault.phases.includes(phase))
      .map((phase) => cellOf(name as FaultName, fault, phase)),
  )
  .sort((one, other) => Number(one.ground === 'database') - Number(other.ground === 'database'));

export function cellNamed(name: string): Cell {
  const cell = cells.find((one) => one.name === name);
  if (!cell) throw new Error(`the matrix has no case "${name}"`);
  return cell;
}
