import { awsFaults } from './aws-faults.ts';
import { clockFaults } from './clock-faults.ts';
import { containerFaults } from './container-faults.ts';
import { diskFaults } from './disk-faults.ts';
import { hostFaults } from './host-faults.ts';
import { messageFaults } from './message-faults.ts';
import { nginxFaults } from './nginx-faults.ts';
import { registryFaults } from './registry-faults.ts';
import { releaseFaults } from './release-faults.ts';

/** Every fault of the matrix, in the order of docs/faults.md. */
export const faults = {
  ...hostFaults,
  ...containerFaults,
  ...releaseFaults,
  ...registryFaults,
  ...diskFaults,
  ...nginxFaults,
  ...clockFaults,
  ...messageFaults,
  ...awsFaults,
};
