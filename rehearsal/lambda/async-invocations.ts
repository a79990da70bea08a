import type { Clock } from '../clock.ts';
import type { DeployedStack } from '../assembly-types.ts';
import type { FunctionConfig } from './function-config.ts';
import type { InvocationAnswer, InvokeFunction } from './invocation.ts';

/** An event that a function failed to handle, attempts and all. */
export interface DiscardedEvent {
  readonly functionName: string;
  readonly payload: string;
  /** What the last attempt said. */
  readonly reason: string;
  /** The failure destination, if the function has one. */
  readonly destination?: string;
}

interface RetryRule {
  readonly attempts: number;
  readonly maxAgeSeconds: number;
  readonly destination?: string;
}

/** Waits before the second and the third attempt. Source: Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous invocation". */
const waits = [60_000, 120_000];

/** Events that Lambda accepts first and delivers after, again when the function fails. */
export class AsyncInvocations {
  /** What was given up. */
  readonly discarded: DiscardedEvent[] = [];
  readonly #rules: ReadonlyMap<string, RetryRule>;
  readonly #clock: Clock;
  readonly #timers = new Set<() => void>();
  readonly #invoke: InvokeFunction;

  constructor(stack: DeployedStack, clock: Clock, invoke: InvokeFunction) {
    this.#rules = readRules(stack);
    this.#clock = clock;
    this.#invoke = invoke;
  }

  /** Forgets what waits for another attempt. */
  close(): void {
    for (const cancel of this.#timers) cancel();
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(milliseconds, () => {
        this.#timers.delete(cancel);
        resolve();
      });
      this.#timers.add(cancel);
    });
  }

  /** Resolves when the event was handled or given up. */
  async deliver({ name, arn }: FunctionConfig, payload: string): Promise<void> {
    const { attempts, maxAgeSeconds, destination } = this.#rules.get(name) ?? {
      attempts: 3,
      maxAgeSeconds: 21_600,
    };
    const accepted = this.#clock.now();
    let reason = '';
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (attempt > 0) await this.#wait(waits[attempt - 1]!);
      if (this.#clock.now() - accepted > maxAgeSeconds * 1000) break;
      const answer = await this.#attempt(arn, payload);
      if (!answer.functionError) return;
      reason = answer.payload;
    }
    this.discarded.push({ functionName: name, payload, reason, destination });
  }

  /** A throttled event stays in Lambda's queue. */
  async #attempt(arn: string, payload: string): Promise<InvocationAnswer> {
    for (;;) {
      try {
        return await this.#invoke(arn, payload);
      } catch (error) {
        if ((error as Error).name !== 'TooManyRequestsException') throw error;
        await this.#wait(1000);
      }
    }
  }
}

function readRules({ resources }: DeployedStack): Map<string, RetryRule> {
  const configs = resources.filter(({ type }) => type === 'AWS::Lambda::EventInvokeConfig');
  return new Map(
    configs.map(({ properties }) => {
      const { FunctionName, MaximumRetryAttempts = 2, MaximumEventAgeInSeconds = 21_600 } = properties;
      const { OnFailure } = (properties['DestinationConfig'] ?? {}) as {
        OnFailure?: { Destination: string };
      };
      const rule = {
        attempts: Number(MaximumRetryAttempts) + 1,
        maxAgeSeconds: Number(MaximumEventAgeInSeconds),
      };
      return [String(FunctionName), { ...rule, destination: OnFailure?.Destination }];
    }),
  );
}
