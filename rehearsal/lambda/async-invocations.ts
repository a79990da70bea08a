import { AwsError } from '../aws/service.ts';
import type { Clock } from '../clock.ts';
import type { DeployedStack } from '../assembly-types.ts';
import type { FunctionConfig } from './function-config.ts';
import type { InvokeFunction } from './invocation.ts';

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
/** A throttled event is tried again after a second, then after twice as long each time. Same source. */
const longestThrottleWait = 300_000;

/** Events that Lambda accepts first and delivers after, again when the function fails. */
export class AsyncInvocations {
  /** What was given up. */
  readonly discarded: DiscardedEvent[] = [];
  readonly #rules: ReadonlyMap<string, RetryRule>;
  readonly #clock: Clock;
  readonly #timers = new Set<() => void>();
  readonly #invoke: InvokeFunction;
  #closed = false;

  constructor(stack: DeployedStack, clock: Clock, invoke: InvokeFunction) {
    this.#rules = readRules(stack);
    this.#clock = clock;
    this.#invoke = invoke;
  }

  /** Forgets what waits for another attempt. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return;
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
      const failure = await this.#attempt(arn, payload, accepted + maxAgeSeconds * 1000);
      if (failure === undefined) return;
      reason = failure;
    }
    this.discarded.push({ functionName: name, payload, reason, destination });
  }

  /** Answers why it failed, if it did. A throttled event stays in Lambda's queue until it is too old. */
  async #attempt(arn: string, payload: string, expiry: number): Promise<string | undefined> {
    for (let wait = 1000; ; wait = Math.min(2 * wait, longestThrottleWait)) {
      try {
        const answer = await this.#invoke(arn, payload);
        return answer.functionError && answer.payload;
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        if (error.code !== 'TooManyRequestsException' || this.#clock.now() + wait > expiry)
          return `${error.code}: ${error.message}`;
        await this.#wait(wait);
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
