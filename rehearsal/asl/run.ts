import type { Clock } from '../clock.ts';
import type { InvokeFunction } from '../lambda/invocation.ts';
import type { ContextObject } from './context-object.ts';
import type { Where } from './definition-error.ts';
import type { Graph, State } from './definition.ts';
import type { FieldChecks } from './field-checks.ts';
import type { History } from './history.ts';
import type { Json, JsonObject } from './json.ts';
import type { Scope } from './scope.ts';
import type { TaskTokens } from './task-tokens.ts';

/** One execution, shared by everything that runs in it. */
export interface Run {
  readonly clock: Clock;
  readonly invoke: InvokeFunction;
  readonly tokens: TaskTokens;
  readonly history: History;
  /** From 0 to below 1, for JitterStrategy. */
  readonly random: () => number;
  readonly context: ContextObject;
  /** Runs a graph from its StartAt to its end; answers its output. */
  runGraph(graph: Graph, input: Json, branch: Branch): Promise<Json>;
  countTransition(): void;
}

/** A line of states that run one after the other: the execution itself, a Map's iteration, a Parallel's branch. */
export interface Branch {
  readonly run: Run;
  readonly scope: Scope;
  /** What the context object holds beside the execution's own: Map inside an iteration. */
  readonly context: JsonObject;
}

/** One attempt at a state. */
export interface Visit {
  readonly name: string;
  /** After InputPath. */
  readonly input: Json;
  readonly context: ContextObject;
  readonly branch: Branch;
}

export interface Outcome {
  readonly output: Json;
  /** Where a Choice goes; other states go to their Next. */
  readonly next?: string;
}

/** What a type of state is: the fields it may have, and what it does. One file each in states/. */
export interface StateType<S extends State> {
  readonly fields: FieldChecks;
  readonly required: readonly string[];
  /** What no single field shows. */
  check?(state: S, where: Where): void;
  /** The graphs inside it. */
  graphs?(
    state: S,
  ): readonly { readonly graph: Graph; readonly field: string; readonly insideMap: boolean }[];
  run(state: S, visit: Visit): Promise<Outcome>;
}
