/** A part of `npm run faults`, such as the fault matrix or the kill points. */
export interface Part {
  readonly name: string;
  /** One line for `--help`. */
  readonly help: string;
  /** For docs/faults.md: what those of its figures count that do not say so themselves. */
  readonly explains?: string;
  /** Names of its cases for a seed, in the order they run; the same seed gives the same cases. */
  cases(seed: number): readonly string[];
  /**
   * Runs these of its cases one after the other, and tells each result as soon as it is there, so that a run can be interrupted and
   * taken up again. Set-up that cases share is its own, and so is taking it down, also when `signal` aborts.
   */
  run(cases: readonly string[], options: PartOptions): Promise<void>;
}

export interface PartOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Progress for a person. */
  readonly say: (text: string) => void;
  readonly tell: (result: CaseResult) => void;
}

export interface CaseResult {
  /** As `cases` names it, such as `kill-script in start-candidate`. */
  readonly name: string;
  /** A sentence for everything that must not be; none: it went as it should. */
  readonly problems: readonly string[];
  /** What docs/faults.md shows of it: outcome, requests sent, failed, milliseconds to a healthy state, ... */
  readonly figures: Readonly<Record<string, string | number>>;
}
