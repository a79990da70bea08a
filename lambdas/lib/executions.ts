import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { environment } from './clients.ts';
import type { Lease } from './ledger.ts';

/**
 * Whether the execution that holds a lease still runs; one that Step Functions has forgotten does not. `machine` is the ARN of this
 * stack's machine or of one of its executions: another machine was removed, its executions end at their next step, and whoever takes
 * the lease refuses them by its fence. Nobody may ask for them either.
 * Source: Step Functions API reference, DeleteStateMachine.
 */
export async function isRunning(executionArn: string, machine: string, client: SFNClient): Promise<boolean> {
  if (machineOf(executionArn) !== machineOf(machine)) return false;
  try {
    const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' || status === 'PENDING_REDRIVE';
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return false;
    throw error;
  }
}

/** arn:aws:states:<region>:<account>:stateMachine:<machine>, or :execution:<machine>:<name>. */
const machineOf = (arn: string) => arn.split(':')[6];

/**
 * Starts the execution that finishes what this lease's own execution left behind. It has one name an attempt, so that it is started
 * once by whoever comes. False when that attempt has ended, without having taken the lease.
 */
export async function startClosing(lease: Lease, client: SFNClient): Promise<boolean> {
  try {
    await client.send(
      new StartExecutionCommand({
        stateMachineArn: environment('STATE_MACHINE_ARN'),
        name: `close-${lease.deploymentId}-${lease.fence}-${lease.closings ?? 1}`,
        input: JSON.stringify({ closes: lease.deploymentId }),
      }),
    );
    return true;
  } catch (error) {
    // One that runs is answered as if it had been started just now: this one has ended. Source: API reference, StartExecution.
    if (error instanceof ExecutionAlreadyExists) return false;
    throw error;
  }
}
