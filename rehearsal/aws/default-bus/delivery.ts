import { evaluateInput } from './target-input.ts';
import type { Clock } from '../../clock.ts';
import type { BusEvent } from '../event-bus.ts';
import { AwsError } from '../service.ts';
import type { Rule, Target } from './rule.ts';

/** An event that never reached its target. */
export interface FailedDelivery {
  readonly rule: string;
  readonly targetId: string;
  readonly event: BusEvent;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly attempts: number;
  /** The dead-letter queue it lies in; without one the event is lost. */
  readonly queueArn?: string;
}

export interface Delivery {
  readonly rule: Rule;
  readonly target: Target;
  readonly event: BusEvent;
}

/** Hands JSON text to a target; throws AwsError when it is not accepted. */
export type Send = (delivery: Delivery, payload: string) => Promise<void>;

/** EventBridge does not tell its waits: they grow, with 185 attempts in a day at most. */
const waitBefore = (attempt: number) => Math.min(1000 * 2 ** (attempt - 1), 600_000);

/** Sends until it is accepted. What can pass with time is tried again; a lack of permission, or of the target, is not. */
export async function deliver(
  delivery: Delivery,
  send: Send,
  clock: Clock,
  wait: (milliseconds: number) => Promise<void>,
): Promise<FailedDelivery | undefined> {
  const { target, event } = delivery;
  const accepted = clock.now();
  const payload = evaluateInput(target, event);
  for (let attempt = 1; ; attempt += 1) {
    const error = await send(delivery, payload).then(() => undefined, asAwsError);
    if (!error) return undefined;
    const delay = waitBefore(attempt);
    const tooOld = clock.now() + delay - accepted > target.maxAgeMilliseconds;
    if (!canPass(error) || attempt >= target.maxAttempts || tooOld) return failed(delivery, error, attempt);
    await wait(delay);
  }
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  throw error;
}

const canPass = ({ status, code }: AwsError) =>
  status >= 500 || status === 429 || /Throttl|TooManyRequests/.test(code);

function failed(
  { rule, target, event }: Delivery,
  { code, message }: AwsError,
  attempts: number,
): FailedDelivery {
  return {
    rule: rule.name,
    targetId: target.id,
    event,
    errorCode: code,
    errorMessage: message,
    attempts,
    queueArn: target.deadLetterQueueArn,
  };
}
