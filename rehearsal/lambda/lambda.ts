import type { DeployedStack } from '../assembly-types.ts';
import { AwsError } from '../aws/service.ts';
import { systemClock, type Clock } from '../clock.ts';
import { AsyncInvocations, type DiscardedEvent } from './async-invocations.ts';
import { readFunctions } from './function-config.ts';
import { FunctionPool, type PoolOptions } from './function-pool.ts';
import { callsUntilCrash, type AskFunctionFault } from './function-fault.ts';
import type { InvocationAnswer } from './invocation.ts';

export interface LambdaOptions extends Omit<PoolOptions, 'maxProcesses' | 'place' | 'now'> {
  readonly stack: DeployedStack;
  readonly place: Omit<PoolOptions['place'], 'region'>;
  /** For the waits between asynchronous attempts, and what functions take the time to be; their own timeouts are real time. */
  readonly clock?: Clock;
  /** Of one function at once; 10 unless said. */
  readonly maxProcesses?: number;
  readonly fault?: AskFunctionFault;
  /** Milliseconds by which a function's own clock is ahead; asked for each invocation, by the name of the handler's file. */
  readonly clockOffset?: (handler: string) => number;
}

/** Bytes of a synchronous call. Source: Lambda quotas. */
const maxRequestBytes = 6_291_456;

/** Lambda: the stack's bundles, each in processes of its own. */
export class Lambda {
  readonly #pools: ReadonlyMap<string, FunctionPool>;
  readonly #async: AsyncInvocations;
  readonly #fault: AskFunctionFault;
  #underWay = 0;

  constructor(options: LambdaOptions) {
    const { stack, clock = systemClock, maxProcesses = 10, clockOffset = () => 0, logFolder } = options;
    this.#fault = options.fault ?? (() => undefined);
    const place = { ...options.place, region: stack.region };
    this.#pools = new Map(
      readFunctions(stack).map((config) => {
        const now = () => clock.now() + clockOffset(config.handlerName);
        return [config.name, new FunctionPool(config, { logFolder, maxProcesses, place, now })];
      }),
    );
    this.#async = new AsyncInvocations(stack, clock, this.invoke);
  }

  /** Events that were invoked asynchronously and failed at every attempt. */
  get discarded(): readonly DiscardedEvent[] {
    return this.#async.discarded;
  }

  /** Whether an invocation is under way. */
  get isBusy(): boolean {
    return this.#underWay > 0;
  }

  functionArn = (functionNameOrArn: string): string => this.#pool(functionNameOrArn).config.arn;

  invoke = async (functionNameOrArn: string, payload: string): Promise<InvocationAnswer> => {
    const pool = this.#pool(functionNameOrArn);
    if (Buffer.byteLength(payload) > maxRequestBytes) {
      throw new AwsError(
        'RequestTooLargeException',
        `Request must be smaller than ${maxRequestBytes} bytes`,
        413,
      );
    }
    const fault = this.#fault(pool.config.handlerName, payload);
    if (fault === 'throttle') throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    this.#underWay += 1;
    return pool.invoke(payload, callsUntilCrash(fault)).finally(() => (this.#underWay -= 1));
  };

  /** Returns when the event is accepted; `handled` is for tests. */
  invokeAsync = (functionNameOrArn: string, payload: string): { readonly handled: Promise<void> } => {
    const handled = this.#async.deliver(this.#pool(functionNameOrArn).config, payload);
    return { handled };
  };

  /** Ends every process. */
  async close(): Promise<void> {
    this.#async.close();
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
  }

  /** By name, ARN or partial ARN; of versions only $LATEST exists. */
  #pool(functionNameOrArn: string): FunctionPool {
    const [, name = ''] =
      /^(?:.*:function:|\d{12}:function:)?([A-Za-z0-9_-]+)(?::\$LATEST)?$/.exec(functionNameOrArn) ?? [];
    const pool = this.#pools.get(name);
    if (pool) return pool;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${functionNameOrArn}`, 404);
  }
}
