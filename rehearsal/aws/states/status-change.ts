import type { EventSink } from '../event-bus.ts';
import { statusOf, type Execution } from './executions.ts';

/**
 * The event Step Functions sends when an execution starts or ends.
 * Source: Step Functions Developer Guide, "Execution status change events".
 */
export function statusChange(execution: Execution): Parameters<EventSink['publish']>[0] {
  const { arn, name, machine, input, handle, result } = execution;
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [arn],
    detail: {
      executionArn: arn,
      stateMachineArn: machine.arn,
      name,
      status: statusOf(execution),
      startDate: handle.startDate,
      stopDate: result?.stopDate ?? null,
      input,
      inputDetails: { included: true },
      output: result?.output === undefined ? null : JSON.stringify(result.output),
      outputDetails: result?.output === undefined ? null : { included: true },
      error: result?.error ?? null,
      cause: result?.cause ?? null,
    },
  };
}
