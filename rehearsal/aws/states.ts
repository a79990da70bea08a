import type { DeployedStack } from '../assembly-types.ts';
import { maxPayloadBytes } from '../asl/limits.ts';
import type { Json } from '../asl/json.ts';
import { decodeToken, TaskTokens } from '../asl/task-tokens.ts';
import { AwsError, refuse, type PermissionCheck, type WireService } from './service.ts';
import { describe, describeEvent, describeStart, summarize } from './states/answers.ts';
import { Executions, statusOf, type Execution, type ExecutionsOptions } from './states/executions.ts';
import { readMachines, type DeployedMachine } from './states/machine.ts';

export type StatesOptions = Omit<ExecutionsOptions, 'tokens'> & { readonly stack: DeployedStack };

type Input = Record<string, unknown>;
const text = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

/** Step Functions: the stack's state machines, run by the interpreter in asl/. */
export class StatesService implements WireService {
  readonly name = 'states';
  readonly machines: readonly DeployedMachine[];
  readonly #executions: Executions;
  readonly #tokens: TaskTokens;

  constructor({ stack, ...options }: StatesOptions) {
    this.machines = readMachines(stack);
    this.#tokens = new TaskTokens(options.clock);
    this.#executions = new Executions({ ...options, tokens: this.#tokens });
  }

  /** For the console and EventBridge: the caller's permission was asked already. */
  start(machineArn: string, input?: string, name?: string): Execution {
    return this.#executions.start(this.#machine(machineArn), input, name);
  }

  executions = (): readonly Execution[] => this.#executions.all();

  forget = (execution: Execution): void => this.#executions.forget(execution);

  /** Aborts what runs, so that no timer outlives the rehearsal. */
  async close(): Promise<void> {
    for (const { handle } of this.executions()) handle.stop('Rehearsal.Closed', 'the rehearsal ended');
    await Promise.all(this.executions().map(({ handle }) => handle.done));
  }

  async handle(action: string, input: Input): Promise<unknown> {
    const perform = Object.hasOwn(this.#actions, action) ? this.#actions[action] : undefined;
    return perform ? perform(input) : refuse(this.name, action);
  }

  readonly #actions: Readonly<Record<string, (input: Input) => unknown>> = {
    StartExecution: ({ stateMachineArn, input, name }) =>
      describeStart(this.start(String(stateMachineArn), text(input), text(name))),
    DescribeExecution: ({ executionArn }) => describe(this.#executions.find(String(executionArn))),
    StopExecution: (input) => this.#stop(input),
    ListExecutions: (input) => this.#list(input),
    GetExecutionHistory: (input) => this.#history(input),
    SendTaskSuccess: ({ taskToken, output }) => {
      this.#tokens.succeed(String(taskToken), parseOutput(String(output)));
      return {};
    },
    SendTaskFailure: ({ taskToken, error, cause }) => {
      this.#tokens.fail(String(taskToken), text(error) ?? '', text(cause) ?? '');
      return {};
    },
    SendTaskHeartbeat: ({ taskToken }) => {
      this.#tokens.heartbeat(String(taskToken));
      return {};
    },
  };

  async #stop({ executionArn, error, cause }: Input) {
    const { handle } = this.#executions.find(String(executionArn));
    handle.stop(text(error), text(cause));
    const { stopDate } = await handle.done;
    return { stopDate: stopDate / 1000 };
  }

  #list(input: Input) {
    const { stateMachineArn, statusFilter } = input;
    const { arn } = this.#machine(String(stateMachineArn));
    const wanted = (execution: Execution) =>
      execution.machine.arn === arn && (statusFilter === undefined || statusOf(execution) === statusFilter);
    const { items, nextToken } = paginate(this.executions().filter(wanted).reverse(), input);
    return { executions: items.map(summarize), nextToken };
  }

  #history(input: Input) {
    const { history } = this.#executions.find(String(input['executionArn'])).handle;
    const { items, nextToken } = paginate(input['reverseOrder'] ? [...history].reverse() : history, input);
    return { events: items.map(describeEvent), nextToken };
  }

  /**
   * Executions are asked for by their own ARN. The reference lists no resource for SendTask*, but IAM checks the state
   * machine's ARN there: it is what CDK's grantTaskResponse allows.
   * Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Step Functions".
   */
  permissions(action: string, input: Input): PermissionCheck[] {
    const resource = this.#resourceOf(action, input);
    return resource === undefined ? [] : [{ action: `states:${action}`, resource }];
  }

  #resourceOf(action: string, { stateMachineArn, executionArn, taskToken }: Input): string | undefined {
    if (!action.startsWith('SendTask')) return text(executionArn ?? stateMachineArn);
    const task = decodeToken(String(taskToken));
    return task?.executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, '');
  }

  #machine(arn: string): DeployedMachine {
    const machine = this.machines.find((candidate) => candidate.arn === arn);
    if (machine) return machine;
    throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  }
}

function parseOutput(output: string): Json {
  if (Buffer.byteLength(output) > maxPayloadBytes) {
    throw new AwsError('ValidationException', `output is longer than ${maxPayloadBytes} bytes`);
  }
  try {
    return JSON.parse(output) as Json;
  } catch {
    throw new AwsError('InvalidOutput', `Invalid Output: it is not JSON`);
  }
}

/** nextToken is the place of the next item. */
function paginate<T>(
  items: readonly T[],
  { maxResults, nextToken }: Input,
): { items: readonly T[]; nextToken?: string } {
  const start = Number(nextToken ?? 0);
  const end = start + (Number(maxResults) || 100);
  return { items: items.slice(start, end), nextToken: end < items.length ? String(end) : undefined };
}
