import type { HistoryEvent } from '../../asl/history.ts';
import type { Json } from '../../asl/json.ts';
import { statusOf, type Execution } from './executions.ts';

/** The API speaks of seconds, with a fraction. */
const toSeconds = (milliseconds: number) => milliseconds / 1000;

export const describeStart = ({ arn, handle }: Execution) => ({
  executionArn: arn,
  startDate: toSeconds(handle.startDate),
});

export const summarize = (execution: Execution) => ({
  ...describeStart(execution),
  stateMachineArn: execution.machine.arn,
  name: execution.name,
  status: statusOf(execution),
  ...(execution.result && { stopDate: toSeconds(execution.result.stopDate) }),
});

export function describe(execution: Execution) {
  const { result, input } = execution;
  return {
    ...summarize(execution),
    input,
    inputDetails: { included: true },
    ...(result?.output !== undefined && {
      output: JSON.stringify(result.output),
      outputDetails: { included: true },
    }),
    error: result?.error,
    cause: result?.cause,
    redriveCount: 0,
  };
}

/** Without previousEventId; details under the one key that the SDK's type of this event has. */
export function describeEvent({ id, timestamp, type, ...detail }: HistoryEvent) {
  return { id, timestamp: toSeconds(timestamp), type, [detailsKey(type)]: detailsOf(detail) };
}

function detailsKey(type: string): string {
  const entered = /State(Entered|Exited)$/.exec(type)?.[1];
  const key = entered ? `state${entered}` : type.charAt(0).toLowerCase() + type.slice(1);
  return `${key}EventDetails`;
}

function detailsOf({ input, output, ...rest }: Omit<HistoryEvent, 'id' | 'timestamp' | 'type'>) {
  const text = (value: Json | undefined) => (value === undefined ? undefined : JSON.stringify(value));
  return { ...rest, input: text(input), output: text(output) };
}
