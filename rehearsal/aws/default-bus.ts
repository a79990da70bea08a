import type { DeployedStack } from '../assembly-types.ts';
import type { Clock } from '../clock.ts';
import type { Authorizer } from './authorize.ts';
import { completeEvent } from './default-bus/complete-event.ts';
import { deliver, type Delivery, type FailedDelivery } from './default-bus/delivery.ts';
import { acceptsFrom, checkInvokePermission } from './default-bus/resource-policy.ts';
import { readRules, type Rule } from './default-bus/rule.ts';
import type { BusEvent, EventSink } from './event-bus.ts';

/** What goes wrong with an event on its way to a rule's targets: EventBridge delivers at least once, late, or never. */
export interface DeliveryFault {
  readonly drop?: boolean;
  /** 2 delivers it twice. */
  readonly copies?: number;
  readonly delayMilliseconds?: number;
}

export interface DefaultBusOptions {
  readonly stack: DeployedStack;
  readonly clock: Clock;
  /** Accepts an event for a function; throws AwsError if Lambda would not. */
  readonly invokeAsync: (functionArn: string, payload: string) => unknown;
  readonly startExecution: (stateMachineArn: string, input: string) => unknown;
  readonly authorize: Authorizer['authorize'];
  readonly fault?: (event: BusEvent, ruleName: string) => DeliveryFault | undefined;
  readonly onEvent?: (event: BusEvent, ruleNames: readonly string[]) => void;
}

/** EventBridge's default bus, with the stack's rules. */
export class DefaultBus implements EventSink {
  readonly rules: readonly Rule[];
  /** What never reached its target, in dead-letter queues or lost. */
  readonly failedDeliveries: FailedDelivery[] = [];
  readonly #options: DefaultBusOptions;
  readonly #timers = new Set<() => void>();
  readonly #underWay = new Set<Promise<void>>();
  #closed = false;

  constructor(options: DefaultBusOptions) {
    this.#options = options;
    this.rules = readRules(options.stack);
  }

  /** Begins the schedules: each fires for the first time when its period has passed. */
  start(): void {
    for (const rule of this.rules) if (rule.everyMilliseconds) this.#schedule(rule, rule.everyMilliseconds);
  }

  /** Delivers nothing more. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  publish(event: Parameters<EventSink['publish']>[0]): void {
    if (this.#closed) return;
    const complete = this.#complete(event);
    const rules = this.rules.filter(({ matches }) => matches?.(complete));
    this.#options.onEvent?.(
      complete,
      rules.map(({ name }) => name),
    );
    for (const rule of rules) this.#dispatch(rule, complete);
  }

  deadLetters(queueArn: string): readonly FailedDelivery[] {
    return this.failedDeliveries.filter((failed) => failed.queueArn === queueArn);
  }

  /** Resolves when every delivery under way has been accepted or given up. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** A scheduled event goes to its own rule only, as on AWS. */
  #schedule(rule: Rule, period: number): void {
    this.#after(period, () => {
      this.#schedule(rule, period);
      const event = {
        source: 'aws.events',
        'detail-type': 'Scheduled Event',
        resources: [rule.arn],
        detail: {},
      };
      this.#dispatch(rule, this.#complete(event));
    });
  }

  #dispatch(rule: Rule, event: BusEvent): void {
    const { drop, copies = 1, delayMilliseconds = 0 } = this.#options.fault?.(event, rule.name) ?? {};
    if (drop) return;
    for (let copy = 0; copy < copies; copy += 1) {
      for (const target of rule.targets)
        this.#track(this.#deliver({ rule, target, event }, delayMilliseconds));
    }
  }

  async #deliver(delivery: Delivery, delay: number): Promise<void> {
    const { clock } = this.#options;
    if (delay > 0) await this.#wait(delay);
    const failed = await deliver(
      delivery,
      (...sent) => this.#send(...sent),
      clock,
      (ms) => this.#wait(ms),
    );
    if (failed) this.failedDeliveries.push(this.#place(failed, delivery.rule));
  }

  /** A queue that does not let the rule send loses what it was meant to keep. */
  #place(failed: FailedDelivery, { arn }: Rule): FailedDelivery {
    const { queueArn } = failed;
    if (queueArn === undefined || acceptsFrom(this.#options.stack, queueArn, arn)) return failed;
    return {
      ...failed,
      queueArn: undefined,
      errorMessage: `${failed.errorMessage}; ${queueArn} lets no ${arn} send`,
    };
  }

  async #send({ rule, target }: Delivery, payload: string): Promise<void> {
    const { stack, invokeAsync, startExecution, authorize } = this.#options;
    if (target.kind === 'function') {
      checkInvokePermission(stack, target.arn, rule.arn);
      await invokeAsync(target.arn, payload);
      return;
    }
    authorize(target.roleArn ?? '', [{ action: 'states:StartExecution', resource: target.arn }]);
    await startExecution(target.arn, payload);
  }

  #complete(event: Parameters<EventSink['publish']>[0]): BusEvent {
    return completeEvent(event, this.#options.stack, this.#options.clock.now());
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  #wait = (milliseconds: number) => new Promise<void>((resolve) => this.#after(milliseconds, resolve));

  #after(milliseconds: number, callback: () => void): void {
    const cancel = this.#options.clock.after(milliseconds, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }
}
