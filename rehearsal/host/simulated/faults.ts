import type { FailureId } from '../../../contracts/failure.ts';
import type { PhaseName } from '../../../contracts/phase-name.ts';

/** Something that goes wrong with a phase's script on one host. */
export type Fault =
  /** The host answers with this failure and has done nothing. */
  | { readonly kind: 'fail'; readonly failure: FailureId; readonly cause?: string }
  /** The script never ends by itself: the agent kills it at its timeout. */
  | { readonly kind: 'hang'; readonly when: FaultTime }
  /** The script's processes are killed. */
  | { readonly kind: 'killed'; readonly when: FaultTime }
  /** The whole host goes down, and comes back. */
  | { readonly kind: 'host-down'; readonly when: FaultTime }
  /** The phase is done, and this is what it printed instead of a receipt. */
  | { readonly kind: 'garbage'; readonly stdout: string }
  /** It takes so many milliseconds longer. */
  | { readonly kind: 'slow'; readonly ms: number };

/**
 * Before anything, after everything but before the receipt is written, after the receipt but before the answer, or
 * after so many of the phase's steps.
 */
export type FaultTime = 'before' | 'before-receipt' | 'before-answer' | { readonly afterSteps: number };

/** The nth run of a phase on this host, counting from 1, or every one. */
export interface PlannedFault {
  readonly phase: PhaseName;
  readonly occurrence: number | 'every';
  readonly fault: Fault;
}

/** Hands each planned fault to the run it is meant for. */
export class FaultPlan {
  readonly #planned: PlannedFault[];
  readonly #runs = new Map<PhaseName, number>();

  constructor(planned: readonly PlannedFault[] = []) {
    this.#planned = [...planned];
  }

  /** For the next run of the phase, from now on. */
  add(phase: PhaseName, fault: Fault, occurrence: number | 'every' = (this.#runs.get(phase) ?? 0) + 1): void {
    this.#planned.push({ phase, occurrence, fault });
  }

  next(phase: PhaseName): Fault | undefined {
    const run = (this.#runs.get(phase) ?? 0) + 1;
    this.#runs.set(phase, run);
    return this.#planned.find(
      (planned) => planned.phase === phase && (planned.occurrence === 'every' || planned.occurrence === run),
    )?.fault;
  }
}
