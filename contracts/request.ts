import * as z from 'zod/mini';
import { appName, buildVersion, deploymentId, digest } from './build-version.ts';
import type { ResolvedDatabase } from './database.ts';

/** Digits in the right places are not yet a time: 2026-99-99T99:99:99Z is none. */
function isTime(text: string): boolean {
  return /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** EventBridge's event for a tagged, successful ECR push. Source: Amazon ECR user guide, "Sample events". */
export const ecrPushEvent = z.object({
  id: z.string().check(z.regex(/^[A-Za-z0-9-]{1,64}$/)),
  source: z.literal('aws.ecr'),
  'detail-type': z.literal('ECR Image Action'),
  time: z
    .string()
    .check(z.refine(isTime, 'is no time as EventBridge writes it, such as 2026-01-31T12:00:00Z')),
  detail: z.object({
    'action-type': z.literal('PUSH'),
    result: z.literal('SUCCESS'),
    'repository-name': z.string().check(z.maxLength(256)),
    'image-digest': digest,
    'image-tag': buildVersion,
  }),
});
export type EcrPushEvent = z.infer<typeof ecrPushEvent>;

/** What a person types in the Step Functions console. */
export const manualRequest = z.strictObject({ app: appName, buildVersion });

/** The release before the current one, whatever it is when the lease is taken. */
export const rollbackRequest = z.strictObject({ app: appName, rollback: z.literal(true) });

const words = (limit: number) =>
  z.string().check(z.regex(/\S/, 'must say something'), z.maxLength(limit, `may have ${limit} characters`));

/** Who holds an app's deployments back, and why. */
export const hold = z.strictObject({ by: words(100), reason: words(300) });
export type Hold = z.infer<typeof hold>;

export const holdRequest = z.strictObject({ app: appName, hold });
export const liftRequest = z.strictObject({ app: appName, hold: z.literal(false) });

/** Deploys the current release to hosts that do not serve it: what the check of the hosts starts, and a person may. */
export const catchUpRequest = z.strictObject({
  app: appName,
  catchUp: z
    .array(z.string().check(z.regex(/^m?i-[0-9a-f]{8,17}$/, 'must be an instance id')))
    .check(z.minLength(1, 'must name a host'), z.maxLength(50, 'may name 50 hosts')),
});

/** Starts the same graph to finish what an aborted or timed-out execution left behind. */
export const closingRequest = z.strictObject({ closes: deploymentId });

/** A request as the graph carries it on, whatever began it. `order` sorts requests of an app: the greatest is the newest. */
export interface DeploymentRequest {
  readonly app: string;
  readonly trigger: 'push' | 'manual' | 'catch-up' | 'closing';
  readonly buildVersion: string;
  /** The digest a push named; a manual request has none until the plan resolves its tag. */
  readonly digest?: string;
  /** What the request is deduplicated by: the event's id, or the execution's ARN. */
  readonly eventId: string;
  readonly order: string;
  readonly executionArn: string;
  /** Epoch milliseconds at which the push or the manual execution happened. */
  readonly requestedAt: number;
  /** The release is the one before the current: its BUILD_VERSION and digest are known when the lease is taken. */
  readonly rollback?: true;
  /** The release is the current one, and these hosts alone take it. */
  readonly catchUp?: readonly string[];
  /** Of a catch-up: the database that the current release was given, which its other hosts have. */
  readonly database?: ResolvedDatabase;
  /** Nothing to deploy: a hold to set, or to lift. */
  readonly hold?: Hold | false;
  /** The deployment to finish, when the trigger is `closing`. */
  readonly closes?: string;
}
