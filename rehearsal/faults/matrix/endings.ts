import type { FailureId } from '../../../contracts/failure.ts';
import type { Outcome } from '../../../contracts/outcome.ts';
import { phaseNames } from '../../../contracts/phase-name.ts';
import { isPhase, type Place } from './place.ts';

/** How a deployment may end. */
export interface Ending {
  readonly outcome: Outcome;
  /** One of these; none for an outcome without a failure. */
  readonly failures: readonly FailureId[];
}

/** The right endings of a deployment that a fault strikes in a place. */
export type Promised = (place: Place) => readonly Ending[];

const ending = (outcome: Outcome, ...failures: FailureId[]): Ending => ({ outcome, failures });
const succeeded = ending('Succeeded');
/** The matrix reaches revert by a candidate that dies under traffic. */
const rolledBackAnyway = ending('RolledBack', 'candidate-died', 'error-rate-rose');
const order = (place: Place) => (isPhase(place) ? phaseNames.indexOf(place) : -1);

/** What was cut short is sent again: the deployment ends as it would without the fault. */
export const goesOn: Promised = (place) => (place === 'revert' ? [rolledBackAnyway] : [succeeded]);

/** The release is refused, before the switch without a trace, after it by the way back; once it is committed nothing takes it back. */
export const isRefused =
  (...failures: FailureId[]): Promised =>
  (place) => {
    if (place === 'revert' || place === 'retire') return goesOn(place);
    const failed = ending('Failed', ...failures);
    const rolledBack = ending('RolledBack', ...failures);
    if (place === 'bake') return [rolledBack];
    return order(place) < order('switch-traffic') ? [failed] : [failed, rolledBack];
  };

/** The way back itself was made impossible, of a release that was refused by one of these. */
export const isStuck =
  (...failures: FailureId[]): Promised =>
  (place) => {
    if (place === 'revert') return [ending('Inconsistent', ...rolledBackAnyway.failures)];
    return ['switch-traffic', 'bake'].includes(place) ? [ending('Inconsistent', ...failures)] : [];
  };

/** The new release serves, and the one before could not be stopped. */
export const leavesTheOld: Promised = (place) =>
  place === 'revert' ? [] : [ending('Succeeded', 'retire-failed')];

/** A person stopped the execution: the closing goes back, or forward where the release was committed. */
export const isClosed: Promised = (place) => {
  if (place === 'retire') return [succeeded];
  if (place === 'revert') return [ending('RolledBack', 'phase-cancelled')];
  return isRefused('phase-cancelled')(place);
};

export const either =
  (...promises: readonly Promised[]): Promised =>
  (place) =>
    promises.flatMap((promise) => promise(place));

/** One promise in these places, another in the others. */
export const inPlaces =
  (places: readonly Place[], promise: Promised, otherwise: Promised): Promised =>
  (place) =>
    (places.includes(place) ? promise : otherwise)(place);

export const isRight = (promised: readonly Ending[], outcome: Outcome, failure: string | null): boolean =>
  promised.some(
    (one) =>
      one.outcome === outcome &&
      (one.failures.length === 0 ? failure === null : one.failures.some((id) => id === failure)),
  );
