import type { Agent } from '../agent/agent.ts';
import type { Clock } from '../clock.ts';
import { agentCommand, deliverySeconds, errorsOf, judgeCommand, share, type Command } from './ssm-command.ts';
import type { StatusEvents } from './ssm-events.ts';
import { isFinal, verdictOf, type Invocation } from './ssm-invocation.ts';

/** What happens to a command on its way to one host. */
export interface DeliveryFate {
  /** SSM gives the host up at once. */
  readonly undeliverable?: boolean;
  /** The script runs, but its result never reaches SSM: DeliveryTimedOut is reported for something that was done. */
  readonly resultLost?: boolean;
  /** Milliseconds until the agent has it. */
  readonly delayMs?: number;
}

export interface DispatchOptions {
  readonly clock: Clock;
  readonly events: StatusEvents;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly instanceArn: (instanceId: string) => string;
  readonly fateOf: (command: Command, instanceId: string) => DeliveryFate | undefined;
}

type Verdict = Pick<Invocation, 'status' | 'statusDetails'>;
const undeliverable: Verdict = { status: 'Failed', statusDetails: 'Undeliverable' };
const deliveryTimedOut: Verdict = { status: 'TimedOut', statusDetails: 'DeliveryTimedOut' };
const terminated: Verdict = { status: 'Cancelled', statusDetails: 'Terminated' };
const cancelled: Verdict = { status: 'Cancelled', statusDetails: 'Cancelled' };

/** Carries commands to agents, and what they answer back into the invocations. */
export class Dispatcher {
  readonly #options: DispatchOptions;
  readonly #deadlines = new Map<Invocation, () => void>();

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  /** Starts as many invocations as MaxConcurrency allows, and the next whenever one ends. */
  dispatch(command: Command): void {
    const atOnce = Math.max(1, share(command.maxConcurrency, command.invocations.length));
    const queue = [...command.invocations];
    for (let started = 0; started < atOnce; started += 1) void this.#work(command, queue);
  }

  async #work(command: Command, queue: Invocation[]): Promise<void> {
    for (let invocation = queue.shift(); invocation; invocation = queue.shift()) {
      if (this.#tooManyErrors(command)) this.#settle(command, invocation, terminated);
      else if (!isFinal(invocation.status)) await this.#deliver(command, invocation);
    }
  }

  /** Best effort: what has not reached its host is cancelled, what runs is asked to stop. */
  cancel(command: Command, instanceIds: readonly string[]): void {
    if (isFinal(command.status)) return;
    command.status = 'Cancelling';
    this.#options.events.command(command);
    for (const invocation of command.invocations) {
      if (instanceIds.length > 0 && !instanceIds.includes(invocation.instanceId)) continue;
      if (isFinal(invocation.status)) continue;
      if (invocation.status === 'InProgress') {
        this.#options.agents.get(invocation.instanceId)?.cancel(command.commandId);
        this.#change(command, invocation, { status: 'Cancelling', statusDetails: 'Cancelling' });
      } else this.#settle(command, invocation, cancelled);
    }
  }

  close(): void {
    for (const cancel of this.#deadlines.values()) cancel();
    this.#deadlines.clear();
  }

  #tooManyErrors = (command: Command) =>
    errorsOf(command) > share(command.maxErrors, command.invocations.length);

  async #deliver(command: Command, invocation: Invocation): Promise<void> {
    const { agents, fateOf } = this.#options;
    const agent = agents.get(invocation.instanceId);
    const fate = fateOf(command, invocation.instanceId) ?? {};
    if (!agent || fate.undeliverable) return this.#settle(command, invocation, undeliverable);
    const reached = await this.#reach(command, invocation, agent, fate.delayMs ?? 0);
    if (!reached) return;
    if (fate.resultLost) return this.#runUnheard(command, invocation, agent);
    this.#change(command, invocation, { status: 'InProgress', statusDetails: 'InProgress' });
    invocation.steps = await agent.run(agentCommand(command), () => undefined);
    this.#settle(command, invocation, verdictOf(invocation.steps));
  }

  /** Waits for an agent that is away until the delivery deadline. False when it came too late, or was cancelled. */
  #reach(command: Command, invocation: Invocation, agent: Agent, delayMs: number): Promise<boolean> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      let stopWaiting = () => undefined as void;
      const expire = clock.after(deliverySeconds(command) * 1000, () => {
        stopWaiting();
        this.#settle(command, invocation, deliveryTimedOut);
        resolve(false);
      });
      this.#deadlines.set(invocation, expire);
      const arrive = () => {
        stopWaiting = agent.whenOnline(() => {
          this.#endDeadline(invocation);
          resolve(!isFinal(invocation.status));
        });
        if (agent.pingStatus !== 'Online')
          this.#change(command, invocation, { status: 'Delayed', statusDetails: 'Delayed' });
      };
      if (delayMs > 0) stopWaiting = clock.after(delayMs, arrive);
      else arrive();
    });
  }

  async #runUnheard(command: Command, invocation: Invocation, agent: Agent): Promise<void> {
    const { clock } = this.#options;
    void agent.run(agentCommand(command), () => undefined).catch(() => undefined);
    await new Promise<void>((resolve) => {
      this.#deadlines.set(invocation, clock.after(deliverySeconds(command) * 1000, resolve));
    });
    this.#settle(command, invocation, deliveryTimedOut);
  }

  #settle(command: Command, invocation: Invocation, verdict: Verdict): void {
    this.#endDeadline(invocation);
    if (!isFinal(invocation.status)) this.#change(command, invocation, verdict);
  }

  #endDeadline(invocation: Invocation): void {
    this.#deadlines.get(invocation)?.();
    this.#deadlines.delete(invocation);
  }

  #change(command: Command, invocation: Invocation, verdict: Verdict): void {
    const { events, instanceArn } = this.#options;
    Object.assign(invocation, verdict);
    const before = command.status;
    Object.assign(command, judgeCommand(command));
    events.invocation(command, invocation, instanceArn(invocation.instanceId));
    if (command.status !== before) events.command(command);
  }
}
