import type { FailureId } from '../../../contracts/failure.ts';
import type { Outcome } from '../../../contracts/outcome.ts';
import { phaseNames, type PhaseName } from '../../../contracts/phase-name.ts';

/** How a deployment may end. */
export interface Ending {
  readonly outcome: Outcome;
  /** One of these; none for an outcome without a failure. */
  readonly failures: readonly FailureId[];
}

/** The right endings of a deployment that a fault strikes in a phase. */
export type Promised = (phase: PhaseName) => readonly Ending[];

const ending = (outcome: Outcome, ...failures: FailureId[]): Ending => ({ outcome, failures });
const succeeded = ending('Succeeded');
/** The matrix reaches revert by a candidate that dies under traffic. */
const rolledBackAnyway = ending('RolledBack', 'candidate-died', 'error-rate-rose');
const order = (phase: PhaseName) => phaseNames.indexOf(phase);

/** What was cut short is sent again: the deployment ends as it would without the fault. */
export const goesOn: Promised = (phase) => (phase === 'revert' ? [rolledBackAnyway] : [succeeded]);

/** The release is refused, before the switch without a trace, after it by the way back; once it is committed nothing takes it back. */
export const isRefused =
  (...failures: FailureId[]): Promised =>
  (phase) => {
    if (phase === 'revert' || phase === 'retire') return goesOn(phase);
    const failed = ending('Failed', ...failures);
    const rolledBack = ending('RolledBack', ...failures);
    if (phase === 'bake') return [rolledBack];
    return order(phase) < order('switch-traffic') ? [failed] : [failed, rolledBack];
  };

/** The way back itself was made impossible. */
export const isStuck: Promised = (phase) =>
  phase === 'revert' ? [ending('Inconsistent', ...rolledBackAnyway.failures)] : [];

/** A person stopped the execution: the closing goes back, or forward where the release was committed. */
export const isClosed: Promised = (phase) => {
  if (phase === 'retire') return [succeeded];
  return isRefused('phase-cancelled')(phase);
};

export const either =
  (...promises: readonly Promised[]): Promised =>
  (phase) =>
    promises.flatMap((promise) => promise(phase));

/** One promise in these phases, another in the others. */
export const inPhases =
  (phases: readonly PhaseName[], promise: Promised, otherwise: Promised): Promised =>
  (phase) =>
    (phases.includes(phase) ? promise : otherwise)(phase);

export const isRight = (promised: readonly Ending[], outcome: Outcome, failure: string | null): boolean =>
  promised.some(
    (one) =>
      one.outcome === outcome &&
      (one.failures.length === 0 ? failure === null : one.failures.some((id) => id === failure)),
  );
