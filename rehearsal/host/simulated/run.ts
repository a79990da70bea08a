import type { Clock } from '../../clock.ts';
import type { FailureId } from '../../../contracts/failure.ts';
import type { AppState, HostState } from './host-state.ts';
import type { ImageBehaviours } from './image-behaviour.ts';

/** A named failure of a phase on the host. */
export class PhaseFailure extends Error {
  readonly failure: FailureId;
  constructor(failure: FailureId, cause: string) {
    super(cause);
    this.name = failure;
    this.failure = failure;
  }
}

/** One script at work: what it sees and may do. */
export interface PhaseRun {
  readonly app: string;
  readonly deploymentId: string;
  readonly fence: number;
  /** A parameter's value, such as `digest`. */
  parameter(name: string): string;
  number(name: string): number;
  readonly host: HostState;
  readonly state: AppState;
  readonly behaviours: ImageBehaviours;
  readonly requestsPerSecond: number;
  readonly clock: Clock;
  /** Never resolves once the script has been killed. */
  sleep(milliseconds: number): Promise<void>;
  /** While a phase only watches, other phases may run; a newer one that did is noticed by its fence. */
  watch(milliseconds: number): Promise<void>;
}

export type Facts = Record<string, unknown>;
/** Every `yield` is a place where the script may be killed; what was done before it stays done. */
export type Steps = AsyncGenerator<void, Facts>;

/** A phase of the model. */
export interface PhaseModel {
  /** none: changes nothing and leaves no receipt; app: shares the host; host: has it alone. */
  readonly lock: 'none' | 'app' | 'host';
  /** Whether what an earlier run of this deployment did is still so. */
  stillHolds(run: PhaseRun): boolean;
  perform(run: PhaseRun): Steps;
}

export function fail(failure: FailureId, cause: string): never {
  throw new PhaseFailure(failure, cause);
}
