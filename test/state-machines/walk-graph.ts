import type { DeploymentPlan } from '../../contracts/plan.ts';
import type { PhaseName } from '../../contracts/phase-name.ts';
import { decideOutcome, type WalkedGraph } from '../../lambdas/lib/decide-outcome.ts';
import { loadDefinition } from '../../rehearsal/asl/load-definition.ts';
import { startExecution, type ExecutionResult } from '../../rehearsal/asl/start-execution.ts';
import type { HistoryEvent } from '../../rehearsal/asl/history.ts';
import { TaskTokens } from '../../rehearsal/asl/task-tokens.ts';
import type { HandlerName } from '../../lib/handler-name.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { samplePlan, sampleRequest } from '../lambdas/support/samples.ts';
import { substituted } from './read-graph.ts';

/** What a function or a phase does instead of going well, at one attempt. */
export type Mishap =
  | { readonly fails: string; readonly cause?: string }
  /** No answer ever; what was asked of a host has happened all the same. */
  | 'no answer'
  /** Something else than what the graph expects. */
  | { readonly answers: unknown };

export interface Script {
  readonly plan?: Partial<DeploymentPlan>;
  /** By handler; by phase, or phase and wave such as `revert.1`. One entry an attempt, then it goes well; a single one is for ever. */
  readonly mishaps?: Readonly<Record<string, Mishap | readonly (Mishap | undefined)[]>>;
  readonly prepared?: boolean;
  readonly way?: string;
  /** Whether the ledger says that this deployment's release is current. */
  readonly committed?: boolean;
  /** Waves whose traffic had been switched before the walk begins, as a closing finds them. */
  readonly switched?: readonly number[];
}

export interface Walk extends ExecutionResult {
  /** The states as they were entered. */
  readonly states: readonly string[];
  /** `<phase>.<wave>` of each phase that was sent. */
  readonly sent: readonly string[];
  /** What CloseDeployment was given, and what it said. */
  readonly closed: readonly {
    readonly given: WalkedGraph;
    readonly outcome: string;
    readonly warning?: string;
  }[];
  /** Waves whose traffic is at the new release in the end. */
  readonly live: readonly number[];
  readonly committed: boolean;
  readonly history: readonly HistoryEvent[];
}

/** What the one host that was asked has decided. */
export const resolved = { mode: 'sqlite_only', reason: 'Postgres is out of reach' };

const executionArn = 'arn:aws:states:eu-central-1:123456789012:execution:Deploy:1';

/** Walks the real graph with the interpreter, from a request to a terminal state, its functions doing as scripted. */
export async function walkGraph(script: Script = {}): Promise<Walk> {
  const clock = new ManualClock();
  const tokens = new TaskTokens(clock);
  const functions = new ScriptedFunctions(script, tokens);
  const handle = startExecution({
    definition: loadDefinition(substituted),
    input: {},
    context: {
      executionArn,
      executionName: '1',
      stateMachineArn: 'arn:machine',
      stateMachineName: 'Deploy',
      roleArn: 'arn:role',
    },
    invoke: (name, payload) => functions.invoke(name as HandlerName, JSON.parse(payload) as Payload),
    tokens,
    clock,
    random: () => 0.5,
  });
  let result: ExecutionResult | undefined;
  void handle.done.then((ended) => (result = ended));
  while (!result) await clock.advance(60_000);
  const states = handle.history.filter(({ type }) => type.endsWith('StateEntered')).map(({ name }) => name!);
  const { sent, closed, committed } = functions;
  return { ...result, states, sent, closed, committed, live: [...functions.live], history: handle.history };
}

interface Payload extends Record<string, unknown> {
  readonly phase: PhaseName;
  readonly waveIndex: number;
  readonly taskToken: string;
  readonly deployment: WalkedGraph;
}

class ScriptedFunctions {
  readonly sent: string[] = [];
  readonly closed: { given: WalkedGraph; outcome: string; warning?: string }[] = [];
  readonly live: Set<number>;
  committed: boolean;
  readonly #script: Script;
  readonly #tokens: TaskTokens;
  readonly #takenBack = new Set<number>();
  readonly #attempts = new Map<string, number>();
  readonly #plan: DeploymentPlan;

  constructor(script: Script, tokens: TaskTokens) {
    this.#script = script;
    this.#tokens = tokens;
    this.#plan = samplePlan(script.plan);
    this.live = new Set(script.switched);
    this.committed = script.committed ?? false;
  }

  async invoke(name: HandlerName, payload: Payload) {
    const mishap = this.#mishapOf(name);
    if (mishap === 'no answer') return new Promise<never>(() => {});
    if (mishap && 'fails' in mishap) return failed(mishap);
    const answer = mishap ? mishap.answers : this.#handlers[name]!(payload);
    return {
      statusCode: 200,
      executedVersion: '$LATEST',
      requestId: '1',
      payload: JSON.stringify(answer ?? null),
    };
  }

  readonly #handlers: Partial<Record<HandlerName, (payload: Payload) => unknown>> = {
    'accept-request': () => ({ request }),
    'acquire-lease': () => {
      const { way = 'deploy' } = this.#script;
      return { request, lease, way, ...(way !== 'deploy' && { plan: this.#plan }) };
    },
    'resolve-image': () => ({ request, lease, image: this.#plan.image }),
    'find-hosts': () => ({ request, lease, plan: this.#plan }),
    'run-phase': (payload) => this.#runPhase(payload),
    'commit-release': () => void (this.committed = true),
    'close-deployment': ({ deployment }) => this.#close(deployment),
  };

  /** The hosts answer later, as they do. */
  #runPhase({ phase, waveIndex, taskToken }: Payload): void {
    const run = `${phase}.${waveIndex}`;
    this.sent.push(run);
    const mishap = this.#mishapOf(run) ?? this.#mishapOf(phase);
    if (mishap && mishap !== 'no answer' && 'fails' in mishap)
      return answerLater(() => this.#tokens.fail(taskToken, mishap.fails, mishap.cause ?? `${run} failed`));
    const facts = this.#effectOf(phase, waveIndex);
    if (mishap === 'no answer') return;
    answerLater(() => this.#tokens.succeed(taskToken, (mishap ? mishap.answers : facts) as never));
  }

  #effectOf(phase: PhaseName, wave: number): unknown {
    if (phase === 'inspect') return { prepared: this.#script.prepared ?? true };
    if (phase === 'resolve-database') return resolved;
    if (phase === 'switch-traffic') this.live.add(wave);
    if (phase === 'revert') return { switched: this.#takeBack(wave), hosts: this.#plan.waves[wave] };
    return { hosts: this.#plan.waves[wave]!.length };
  }

  /** A host that is asked again says what it said before. */
  #takeBack(wave: number): boolean {
    if (this.live.delete(wave)) this.#takenBack.add(wave);
    return this.#takenBack.has(wave);
  }

  #close(given: WalkedGraph): unknown {
    const decision = decideOutcome(given, this.committed);
    this.closed.push({ given, outcome: decision.outcome, warning: decision.warning });
    if (decision.outcome !== 'Succeeded') this.committed = false;
    return decision;
  }

  #mishapOf(name: string): Mishap | undefined {
    const scripted = this.#script.mishaps?.[name];
    const attempt = this.#attempts.get(name) ?? 0;
    this.#attempts.set(name, attempt + 1);
    return Array.isArray(scripted) ? (scripted as Mishap[])[attempt] : (scripted as Mishap | undefined);
  }
}

const request = sampleRequest({ executionArn });
const lease = { deploymentId: 'web-1', fence: 1 };

/** A task that was cancelled meanwhile, as another wave failed, takes no answer. */
const answerLater = (answer: () => void) =>
  void setImmediate(() => {
    try {
      answer();
    } catch (error) {
      if ((error as Error).name !== 'TaskTimedOut') throw error;
    }
  });

/** What Lambda answers when a function throws. */
const failed = ({ fails, cause = `${fails} happened` }: { fails: string; cause?: string }) => ({
  statusCode: 200,
  executedVersion: '$LATEST',
  requestId: '1',
  functionError: 'Unhandled' as const,
  payload: JSON.stringify({ errorType: fails, errorMessage: cause, trace: [] }),
});
