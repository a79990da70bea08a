import * as z from 'zod/mini';
import type { PhaseDefinition } from '../phase.ts';

/** Puts Docker's and containerd's roots on the host's EBS volume. */
export const mountVolume: PhaseDefinition = {
  name: 'mount-volume',
  description: 'Mount the EBS volume that holds Docker',
  parameters: {
    volumeIds: {
      description: 'Volumes of the hosts; this host finds its own',
      pattern: '^vol-[0-9a-f]{8,17}(,vol-[0-9a-f]{8,17})*$',
    },
    filesystem: { description: 'Filesystem for a blank volume', pattern: '^(xfs|ext4)$' },
  },
  valuesFrom: ({ volumeIds, app }) => ({
    volumeIds: volumeIds.join(','),
    filesystem: app.volume.filesystem,
  }),
  executionSeconds: () => 900,
  facts: z.object({
    volumeId: z.string(),
    uuid: z.string(),
    /** The volume was blank and got its filesystem now. */
    formatted: z.boolean(),
    /** Docker's data was moved onto it now. */
    moved: z.boolean(),
  }),
  failures: [
    'unsupported-distribution',
    'volume-not-attached',
    'foreign-filesystem',
    'volume-mount-failed',
    'containers-would-stop',
    'package-install-failed',
  ],
};
