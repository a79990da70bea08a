import type { Json, JsonObject } from './json.ts';

/** The subset of the Amazon States Language, in JSONPath, that this interpreter runs. */
export interface StateMachine extends Graph {
  readonly Comment?: string;
  readonly TimeoutSeconds?: number;
}

export interface Graph {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

export type State =
  TaskState | MapState | ParallelState | ChoiceState | PassState | WaitState | SucceedState | FailState;

interface Filtered {
  /** null gives the state an empty object. */
  readonly InputPath?: string | null;
  readonly OutputPath?: string | null;
}

interface Continued {
  readonly Next?: string;
  readonly End?: true;
}

interface Resulting {
  /** null throws the result away and passes the input on. */
  readonly ResultPath?: string | null;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly ResultPath?: string | null;
  readonly Next: string;
}

interface Guarded extends Resulting {
  readonly ResultSelector?: JsonObject;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export const invokeResource = 'arn:aws:states:::lambda:invoke';
export const callbackResource = 'arn:aws:states:::lambda:invoke.waitForTaskToken';

export interface TaskState extends Filtered, Continued, Guarded {
  readonly Type: 'Task';
  readonly Resource: typeof invokeResource | typeof callbackResource;
  readonly Parameters: JsonObject;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly HeartbeatSeconds?: number;
  readonly HeartbeatSecondsPath?: string;
}

export interface MapState extends Filtered, Continued, Guarded {
  readonly Type: 'Map';
  readonly ItemsPath?: string;
  readonly ItemSelector?: JsonObject;
  /** 0 means as many as an inline Map may have: 40. */
  readonly MaxConcurrency?: number;
  readonly ItemProcessor: Graph;
}

export interface ParallelState extends Filtered, Continued, Guarded {
  readonly Type: 'Parallel';
  readonly Parameters?: JsonObject;
  readonly Branches: readonly Graph[];
}

/** A rule's operators are a table in choice-rule.ts. */
export type ChoiceRule = Readonly<Record<string, Json>>;

export interface ChoiceState extends Filtered {
  readonly Type: 'Choice';
  readonly Choices: readonly ChoiceRule[];
  readonly Default?: string;
}

export interface PassState extends Filtered, Continued, Resulting {
  readonly Type: 'Pass';
  readonly Result?: Json;
  readonly Parameters?: JsonObject;
}

export interface WaitState extends Filtered, Continued {
  readonly Type: 'Wait';
  readonly Seconds?: number;
  readonly SecondsPath?: string;
  readonly Timestamp?: string;
  readonly TimestampPath?: string;
}

export interface SucceedState extends Filtered {
  readonly Type: 'Succeed';
}

export interface FailState {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly ErrorPath?: string;
  readonly Cause?: string;
  readonly CausePath?: string;
}
