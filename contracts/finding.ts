import * as z from 'zod/mini';

/**
 * What the check of the hosts may find while no deployment is under way: something that contradicts the ledger's current release.
 * Each id is the heading of an article in docs/runbook.md.
 */
export const findingIds = [
  /** The container on the live slot is made of another release than the current one, or there is none: catch-up heals it. */
  'host-behind',
  /** The right container is there, and yet it does not run, is not healthy, or port 80 does not answer from it: catch-up heals it. */
  'host-not-serving',
  /** A container runs on the idle slot although no deployment is under way. */
  'stray-candidate',
  /** The Nginx that runs serves, but its configuration on disk is not valid: it would not come up again. */
  'nginx-would-not-start',
  /** The host answered with a failure, or did not answer. */
  'host-unreadable',
  /** The instance runs and its agent is not online. */
  'host-offline',
  /** The last deployment's outcome and the ledger's current release contradict each other. */
  'history-contradicts',
] as const;

export const findingId = z.enum(findingIds);
export type FindingId = z.infer<typeof findingId>;

/** One host, or the ledger itself, that is not as the current release says. */
export interface Finding {
  readonly finding: FindingId;
  /** Instance id; none when it is the ledger that contradicts itself. */
  readonly host?: string;
  /** One line for a person: what is, and what should be. */
  readonly says: string;
}
