import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { environment } from './lib/clients.ts';
import { isRunning, startClosing } from './lib/executions.ts';
import { appKey, Ledger, type Lease, type PhaseRun } from './lib/ledger.ts';
import { settleOpen, type Clients } from './lib/settle-run.ts';

/** What a sweep did, for its log. */
export interface Swept {
  readonly settled: number;
  readonly closing: string[];
  /** What could not be looked at this time. */
  readonly errors: string[];
}

/** Finishes what no event did: callbacks whose event was lost, and leases whose execution ended without closing. */
export async function sweep(clients: Clients): Promise<Swept> {
  const open = await clients.ledger.open();
  const leases = open.filter((item): item is Lease => 'executionArn' in item);
  const runs = open.filter((item): item is PhaseRun => 'taskToken' in item);
  const closed = await Promise.allSettled(leases.map((lease) => closeAbandoned(lease, clients)));
  const settled = await Promise.allSettled(runs.map((run) => settleOpen(run, clients)));
  return {
    settled: valuesOf(settled).filter((done) => done).length,
    closing: valuesOf(closed).filter((deploymentId) => deploymentId !== undefined),
    errors: [...closed, ...settled].flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : [])),
  };
}

/** One that cannot be looked at keeps no other from being finished; the next sweep comes to it again. */
const valuesOf = <T>(results: PromiseSettledResult<T>[]) =>
  results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));

async function closeAbandoned(lease: Lease, { ledger, sfn }: Clients): Promise<string | undefined> {
  if (await isRunning(lease.executionArn, environment('STATE_MACHINE_ARN'), sfn)) return undefined;
  // The index lags behind: a lease that was given back in the meantime is nobody's.
  const held = await ledger.lease(lease.app);
  if (!held?.open || held.executionArn !== lease.executionArn) return undefined;
  if (!(await startClosing(held, sfn))) await closeAnew(held, { ledger, sfn });
  return held.deploymentId;
}

const manyClosings = 10;

/** What ended before it had the lease is tried again each minute; after many in vain each tenth, until somebody has looked. */
async function closeAnew(lease: Lease, { ledger, sfn }: Pick<Clients, 'ledger' | 'sfn'>): Promise<void> {
  const closings = (lease.closings ?? 1) + 1;
  if (closings > manyClosings && new Date().getUTCMinutes() % 10 !== 0) return;
  const values = { ':closings': closings, ':fence': lease.fence };
  const mine = await ledger.update(
    appKey(lease.app, 'lease'),
    'SET closings = :closings',
    values,
    'fence = :fence',
  );
  if (mine) await startClosing({ ...lease, closings }, sfn);
}

/** Logs what was done, then fails for what was not: the alarm on a failing sweep watches this function's errors. */
export function report(swept: Swept): Swept {
  console.log(JSON.stringify(swept));
  if (swept.errors.length > 0)
    throw new Error(`Could not look at all that is open: ${swept.errors.join('; ')}`);
  return swept;
}

let clients: Clients | undefined;
export const handler = async () => {
  clients ??= {
    cloudwatch: new CloudWatchClient({}),
    ledger: new Ledger(),
    ssm: new SSMClient({}),
    sfn: new SFNClient({}),
  };
  return report(await sweep(clients));
};
