import { SFNClient } from '@aws-sdk/client-sfn';
import { startClosing } from './lib/executions.ts';
import { Ledger } from './lib/ledger.ts';

/** EventBridge's `Step Functions Execution Status Change`, for an execution that did not succeed. */
export interface ExecutionStatusEvent {
  readonly detail: { readonly executionArn: string };
}

/** Starts the closing of what an execution left open, at once instead of at the next sweep; answers the deployment's id. */
export async function closeExecution(
  { detail }: ExecutionStatusEvent,
  ledger: Ledger,
  sfn: SFNClient,
): Promise<string | undefined> {
  const abandoned = (await ledger.openLeases()).find(
    ({ executionArn }) => executionArn === detail.executionArn,
  );
  // The index lags behind: a lease that was given back in the meantime is nobody's.
  const held = abandoned && (await ledger.lease(abandoned.app));
  if (!held?.open || held.executionArn !== detail.executionArn) return undefined;
  await startClosing(held, sfn);
  return held.deploymentId;
}

let ledger: Ledger | undefined;
let client: SFNClient | undefined;
export const handler = async (event: ExecutionStatusEvent) =>
  closeExecution(event, (ledger ??= new Ledger()), (client ??= new SFNClient({})));
