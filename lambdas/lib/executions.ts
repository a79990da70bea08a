import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { environment } from './clients.ts';
import type { Lease } from './ledger.ts';

/** Whether the execution that holds a lease still runs; one that Step Functions has forgotten does not. */
export async function isRunning(executionArn: string, client: SFNClient): Promise<boolean> {
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' || status === 'PENDING_REDRIVE';
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return false;
    throw error;
  }
}

/** A closing that failed before it took the lease over is tried again: a name is taken for 90 days. */
const retryMs = 300_000;

/** Starts the execution that finishes what this lease's own execution left behind; at most one a fence and retry time, by its name. */
export async function startClosing(lease: Lease, client: SFNClient): Promise<void> {
  try {
    await client.send(
      new StartExecutionCommand({
        stateMachineArn: environment('STATE_MACHINE_ARN'),
        name: `close-${lease.deploymentId}-${lease.fence}-${Math.floor(Date.now() / retryMs)}`,
        input: JSON.stringify({ closes: lease.deploymentId }),
      }),
    );
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
}
