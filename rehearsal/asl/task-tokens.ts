import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AwsError } from '../aws/service.ts';
import type { Json } from './json.ts';
import { StateError } from './state-error.ts';
import { startTimer } from './timer.ts';

interface Waiting {
  resolve(output: Json): void;
  reject(error: StateError): void;
  beat(): void;
}

export interface OpenTask {
  readonly token: string;
  /** What SendTaskSuccess brings; rejects with StateError for SendTaskFailure and a missed heartbeat. */
  readonly result: Promise<Json>;
  /** Ends it: whoever answers later is told that the task timed out. */
  close(): void;
  isOpen(): boolean;
}

/** The callbacks that tasks wait for. */
export class TaskTokens {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  readonly #closed = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(executionArn: string, heartbeatSeconds?: number): OpenTask {
    const token = encodeToken({ executionArn, id: randomUUID() });
    const { promise, waiting, stop } = this.#wait(heartbeatSeconds);
    this.#waiting.set(token, waiting);
    const close = () => {
      stop();
      this.#settle(token);
    };
    return { token, result: promise, close, isOpen: () => this.#waiting.has(token) };
  }

  #wait(heartbeatSeconds?: number) {
    let stop = () => {};
    let waiting!: Waiting;
    const promise = new Promise<Json>((resolve, reject) => {
      const beat = () => {
        stop();
        if (heartbeatSeconds === undefined) return;
        stop = startTimer(this.#clock, heartbeatSeconds * 1000, () =>
          reject(new StateError('States.HeartbeatTimeout')),
        );
      };
      beat();
      waiting = { resolve, reject, beat };
    });
    // A task that ended for another reason no longer listens.
    promise.catch(() => {});
    return { promise, waiting, stop: () => stop() };
  }

  succeed(token: string, output: Json): void {
    const waiting = this.#take(token);
    this.#settle(token);
    waiting.resolve(output);
  }

  fail(token: string, error: string, cause: string): void {
    const waiting = this.#take(token);
    this.#settle(token);
    waiting.reject(new StateError(error, cause));
  }

  heartbeat(token: string): void {
    this.#take(token).beat();
  }

  #settle(token: string): void {
    this.#waiting.delete(token);
    this.#closed.add(token);
  }

  #take(token: string): Waiting {
    const waiting = this.#waiting.get(token);
    if (waiting) return waiting;
    if (this.#closed.has(token)) {
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    }
    if (!decodeToken(token)) throw new AwsError('InvalidToken', `Invalid Token: 'Invalid token'`);
    throw new AwsError('TaskDoesNotExist', "Task Does Not Exist: 'Provided task does not exist'");
  }
}

interface TokenContent {
  readonly executionArn: string;
  readonly id: string;
}

const encodeToken = (content: TokenContent) => Buffer.from(JSON.stringify(content)).toString('base64');

/** The execution a token belongs to; undefined for what was never a token. */
export function decodeToken(token: string): TokenContent | undefined {
  try {
    const content = JSON.parse(Buffer.from(token, 'base64').toString()) as Partial<TokenContent>;
    return typeof content.executionArn === 'string' ? (content as TokenContent) : undefined;
  } catch {
    return undefined;
  }
}
