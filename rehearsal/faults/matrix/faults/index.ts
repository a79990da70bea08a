import { containerFaults } from './container-faults.ts';
import { hostFaults } from './host-faults.ts';
import { releaseFaults } from './release-faults.ts';

/** Every fault of the matrix, in the order of docs/faults.md. */
export const faults = { ...hostFaults, ...containerFaults, ...releaseFaults };
export type FaultName = keyof typeof faults;
