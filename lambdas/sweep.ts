import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { isRunning, startClosing } from './lib/executions.ts';
import { Ledger, type Lease, type PhaseRun } from './lib/ledger.ts';
import { readInvocations, settleRun, type Clients } from './lib/settle-run.ts';

/** What a sweep did, for its log. */
export interface Swept {
  readonly settled: number;
  readonly closing: string[];
}

/** Finishes what no event did: callbacks whose event was lost, and leases whose execution ended without closing. */
export async function sweep(clients: Clients): Promise<Swept> {
  const open = await clients.ledger.open();
  const leases = open.filter((item): item is Lease => 'executionArn' in item);
  const runs = open.filter((item): item is PhaseRun => 'taskToken' in item);
  const verdicts = await Promise.all(runs.map((run) => settleLost(run, clients)));
  const closing = await Promise.all(leases.map((lease) => closeAbandoned(lease, clients.sfn)));
  return {
    settled: verdicts.filter((settled) => settled).length,
    closing: closing.filter((deploymentId) => deploymentId !== undefined),
  };
}

async function settleLost(run: PhaseRun, clients: Clients): Promise<boolean> {
  for (const commandId of run.commandIds ?? []) {
    const { verdict } = await settleRun(run, await readInvocations(commandId, clients.ssm), clients);
    if (verdict !== 'pending') return true;
  }
  return false;
}

async function closeAbandoned(lease: Lease, sfn: SFNClient): Promise<string | undefined> {
  if (await isRunning(lease.executionArn, sfn)) return undefined;
  await startClosing(lease, sfn);
  return lease.deploymentId;
}

let clients: Clients | undefined;
export const handler = async () => {
  const swept = await sweep(
    (clients ??= { ledger: new Ledger(), ssm: new SSMClient({}), sfn: new SFNClient({}) }),
  );
  console.log(JSON.stringify(swept));
  return swept;
};
