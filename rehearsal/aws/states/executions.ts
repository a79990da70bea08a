import { randomUUID } from 'node:crypto';
import { maxPayloadBytes } from '../../asl/limits.ts';
import type { HistoryEvent } from '../../asl/history.ts';
import type { Json } from '../../asl/json.ts';
import {
  startExecution,
  type ExecutionHandle,
  type ExecutionResult,
  type ExecutionStatus,
} from '../../asl/start-execution.ts';
import type { TaskTokens } from '../../asl/task-tokens.ts';
import type { Clock } from '../../clock.ts';
import type { InvokeFunction } from '../../lambda/invocation.ts';
import type { Authorizer } from '../authorize.ts';
import type { EventSink } from '../event-bus.ts';
import { AwsError } from '../service.ts';
import type { DeployedMachine } from './machine.ts';
import { statusChange } from './status-change.ts';

export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machine: DeployedMachine;
  /** JSON text, as it was given. */
  readonly input: string;
  readonly handle: ExecutionHandle;
  /** None while it runs. */
  result?: ExecutionResult;
  /** Nobody knows of it any more. */
  isForgotten?: boolean;
}

export interface ExecutionsOptions {
  readonly clock: Clock;
  /** Calls a function; whether the machine's role may is asked of `authorize` first. */
  readonly invoke: InvokeFunction;
  /** ARN of a function as the stack has it, for the permission check. */
  readonly functionArn: (functionNameOrArn: string) => string;
  readonly authorize: Authorizer['authorize'];
  readonly events: EventSink;
  readonly tokens: TaskTokens;
  readonly onEvent?: (execution: Pick<Execution, 'arn' | 'name'>, event: HistoryEvent) => void;
  readonly random?: () => number;
}

export const statusOf = ({ result }: Execution): ExecutionStatus | 'RUNNING' => result?.status ?? 'RUNNING';

/** The executions of all state machines, in the order they were started. */
export class Executions {
  readonly #options: ExecutionsOptions;
  readonly #executions = new Map<string, Execution>();

  constructor(options: ExecutionsOptions) {
    this.#options = options;
  }

  all = (): readonly Execution[] => [...this.#executions.values()];

  find(arn: string): Execution {
    const execution = this.#executions.get(arn);
    if (execution && !execution.isForgotten) return execution;
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  }

  /** As when its state machine was removed: it ends at once, no event says so, and who asks for it learns that it does not exist. */
  forget(execution: Execution): void {
    execution.isForgotten = true;
    execution.handle.stop();
  }

  /** A name is taken for good, but for the same input while that execution runs. */
  start(machine: DeployedMachine, input = '{}', name: string = randomUUID()): Execution {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
    const value = parseInput(input);
    const arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    const before = this.#executions.get(arn);
    if (!before) return this.#begin({ arn, name, machine, input }, value);
    if (!before.result && before.input === input) return before;
    throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
  }

  #begin(about: Omit<Execution, 'handle'>, input: Json): Execution {
    const { clock, tokens, events, onEvent, random } = this.#options;
    const { arn, name, machine } = about;
    const handle = startExecution({
      definition: machine.definition,
      input,
      context: {
        executionArn: arn,
        executionName: name,
        stateMachineArn: machine.arn,
        stateMachineName: machine.name,
        roleArn: machine.roleArn,
      },
      invoke: (functionName, payload) => this.#invoke(machine, functionName, payload),
      tokens,
      clock,
      onEvent: (event) => onEvent?.({ arn, name }, event),
      random,
    });
    const execution: Execution = { ...about, handle };
    this.#executions.set(arn, execution);
    events.publish(statusChange(execution));
    void handle.done.then((result) => {
      execution.result = result;
      if (!execution.isForgotten) events.publish(statusChange(execution));
    });
    return execution;
  }

  async #invoke({ roleArn }: DeployedMachine, functionName: string, payload: string) {
    const { authorize, invoke, functionArn } = this.#options;
    authorize(roleArn, [{ action: 'lambda:InvokeFunction', resource: functionArn(functionName) }]);
    return invoke(functionName, payload);
  }
}

function parseInput(input: string): Json {
  if (Buffer.byteLength(input) > maxPayloadBytes) {
    throw new AwsError('ValidationException', `input is longer than ${maxPayloadBytes} bytes`);
  }
  try {
    return JSON.parse(input) as Json;
  } catch {
    throw new AwsError('InvalidExecutionInput', 'Invalid State Machine Execution Input: it is not JSON');
  }
}
