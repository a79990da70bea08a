import * as z from 'zod/mini';
import type { PhaseDefinition } from '../phase.ts';

const fingerprint = '^[0-9A-F]{40}$';

/** Installs Docker CE from its own repository after checking the fingerprint of the repository's key. */
export const installDocker: PhaseDefinition = {
  name: 'install-docker',
  description: 'Install Docker CE and set it up for serving without interruption',
  parameters: {
    dockerRepositoryUrl: {
      description: "Where Docker's packages are",
      pattern: '^https?://[A-Za-z0-9.:-]{1,200}(/[A-Za-z0-9._/-]{0,200})?$',
    },
    debKeyFingerprint: {
      description: 'Fingerprint of the key that signs the deb repository',
      pattern: fingerprint,
    },
    rpmKeyFingerprint: {
      description: 'Fingerprint of the key that signs the rpm repository',
      pattern: fingerprint,
    },
  },
  valuesFrom: ({ docker }) => ({
    dockerRepositoryUrl: docker.repositoryUrl,
    debKeyFingerprint: docker.debKeyFingerprint,
    rpmKeyFingerprint: docker.rpmKeyFingerprint,
  }),
  executionSeconds: () => 900,
  facts: z.object({
    /** docker-ce, or `docker`: the distribution's own on Amazon Linux 2023, for which Docker builds no CE. */
    package: z.enum(['docker-ce', 'docker']),
    version: z.string(),
    why: z.string(),
  }),
  failures: [
    'unsupported-distribution',
    'package-install-failed',
    'docker-key-mismatch',
    'docker-not-ready',
    'containers-would-stop',
  ],
};
