import type { Clock } from '../clock.ts';
import type { InvokeFunction } from '../lambda/invocation.ts';
import type { StateMachine } from './definition.ts';
import { History, type HistoryEvent } from './history.ts';
import type { Json } from './json.ts';
import type { Run } from './run.ts';
import { runGraph } from './run-state.ts';
import { Scope } from './scope.ts';
import { StateError } from './state-error.ts';
import type { TaskTokens } from './task-tokens.ts';
import { startTimer } from './timer.ts';

export interface ExecutionOptions {
  readonly definition: StateMachine;
  readonly input: Json;
  readonly context: {
    readonly executionArn: string;
    readonly executionName: string;
    readonly stateMachineArn: string;
    readonly stateMachineName: string;
    readonly roleArn: string;
  };
  readonly invoke: InvokeFunction;
  readonly tokens: TaskTokens;
  readonly clock: Clock;
  readonly onEvent?: (event: HistoryEvent) => void;
  /** From 0 to below 1, for JitterStrategy. */
  readonly random?: () => number;
}

export type ExecutionStatus = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface ExecutionResult {
  readonly status: ExecutionStatus;
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  /** Epoch milliseconds. */
  readonly startDate: number;
  readonly stopDate: number;
  /** States entered and retries: what AWS bills. */
  readonly stateTransitions: number;
}

export interface ExecutionHandle {
  /** Never rejects. */
  readonly done: Promise<ExecutionResult>;
  readonly startDate: number;
  readonly history: readonly HistoryEvent[];
  stateTransitions(): number;
  /** Aborts what still runs; does nothing to an execution that has ended. */
  stop(error?: string, cause?: string): void;
}

type Ending = Pick<ExecutionResult, 'status' | 'output' | 'error' | 'cause'>;

/** Starts a checked definition; nothing runs before the caller's turn ends. */
export function startExecution(options: ExecutionOptions): ExecutionHandle {
  const { definition, input, clock } = options;
  const startDate = clock.now();
  const scope = new Scope();
  const history = new History(clock, options.onEvent);
  let transitions = 0;
  let ending: Ending | undefined;
  const end = (how: Ending) => {
    ending ??= how;
    scope.cancel();
  };
  const run = makeRun(options, history, startDate, () => void (transitions += 1));

  async function perform(): Promise<ExecutionResult> {
    history.record('ExecutionStarted', { input });
    const { TimeoutSeconds } = definition;
    const stopTimer = TimeoutSeconds
      ? startTimer(clock, TimeoutSeconds * 1000, () =>
          end({ status: 'TIMED_OUT', error: 'States.Timeout', cause: '' }),
        )
      : () => {};
    const ended = await runGraph(definition, input, { run, scope, context: {} }).then(
      (output): Ending => ending ?? { status: 'SUCCEEDED', output },
      (error: unknown): Ending => ending ?? failed(error),
    );
    ending = ended;
    stopTimer();
    history.record(eventTypes[ended.status], {
      output: ended.output,
      error: ended.error,
      cause: ended.cause,
    });
    return { ...ended, startDate, stopDate: clock.now(), stateTransitions: transitions };
  }

  return {
    done: Promise.resolve().then(perform),
    startDate,
    history: history.events,
    stateTransitions: () => transitions,
    stop: (error, cause) => end({ status: 'ABORTED', error, cause }),
  };
}

const eventTypes: Readonly<Record<ExecutionStatus, string>> = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
};

/** Anything but a state's error is a fault of the rehearsal itself: it ends the execution, with its stack, uncaught. */
function failed(error: unknown): Ending {
  if (error instanceof StateError) return { status: 'FAILED', error: error.error, cause: error.cause };
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { status: 'FAILED', error: 'States.Runtime', cause: `the rehearsal itself failed: ${stack}` };
}

function makeRun(
  options: ExecutionOptions,
  history: History,
  startDate: number,
  countTransition: () => void,
): Run {
  const { context: names, input, clock, invoke, tokens, random = Math.random } = options;
  const context = {
    Execution: {
      Id: names.executionArn,
      Input: input,
      Name: names.executionName,
      RoleArn: names.roleArn,
      StartTime: new Date(startDate).toISOString(),
      RedriveCount: 0,
    },
    StateMachine: { Id: names.stateMachineArn, Name: names.stateMachineName },
  };
  return { clock, invoke, tokens, history, random, context, runGraph, countTransition };
}
