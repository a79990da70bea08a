import { oneLine } from '../../contracts/failure.ts';
import type { Outcome } from '../../contracts/outcome.ts';
import type { MigrationFacts } from '../../contracts/phases/run-migrations.ts';
import { describeBreak } from './deployment-facts.ts';

/** As a Catch writes it; a timeout may come without a Cause. */
interface StepsError {
  readonly Error: string;
  readonly Cause?: string;
}

type WaveReverted = { readonly switched: boolean } | { readonly failed: true; readonly error: StepsError };

/** What the graph's state says of the way it walked. */
export interface WalkedGraph {
  readonly way?: 'deploy' | 'back' | 'forward';
  readonly failure?: StepsError;
  readonly reverted?: readonly WaveReverted[];
  readonly retireFailure?: StepsError;
}

export interface Decision {
  readonly outcome: Outcome;
  readonly failure: Required<StepsError>;
  /** Something to look at although the release is live. */
  readonly warning?: string;
}

/** Whether the release stayed: the ledger has committed it, and nothing stopped it or brought it back. */
export const isLive = (walked: WalkedGraph, committed: boolean): boolean =>
  committed && !walked.failure && !walked.reverted;

/**
 * The outcome follows from what happened: what the hosts said of the way back, and what the ledger has committed. `where` says what
 * runs where, for an outcome that leaves hosts unequal.
 */
export function decideOutcome(
  walked: WalkedGraph,
  committed: boolean,
  {
    migration,
    where = '',
  }: { readonly migration?: MigrationFacts | undefined; readonly where?: string } = {},
): Decision {
  if (isLive(walked, committed)) {
    const warning = walked.retireFailure && `retire: ${oneLine(readCause(walked.retireFailure))}`;
    return { outcome: 'Succeeded', failure: { Error: 'none', Cause: '' }, ...(warning && { warning }) };
  }
  const failure = failureOf(walked, migration);
  const wayBack = walked.reverted ?? [];
  const stuck = wayBack.flatMap((wave) => ('failed' in wave ? [readCause(wave.error)] : []));
  if (stuck.length > 0) return decideInconsistent(failure, stuck, where);
  return decide(wayBack.some(hasSwitched) ? 'RolledBack' : 'Failed', failure);
}

const hasSwitched = (wave: WaveReverted) => 'switched' in wave && wave.switched;

/** What runs where comes before the reasons: they may be long, and a cause has an end. */
function decideInconsistent(failure: StepsError, stuck: readonly string[], where: string): Decision {
  const Cause = oneLine(readCause(failure), 1000);
  const parts = [Cause, where && `Now ${where}`, `The way back failed: ${stuck.join('; ')}`];
  return decide('Inconsistent', { ...failure, Cause: parts.filter(Boolean).join('. ') });
}

const unexplained = ({ way }: WalkedGraph): StepsError =>
  way === 'back'
    ? {
        Error: 'phase-cancelled',
        Cause: 'the execution was aborted or timed out before its release was committed',
      }
    : { Error: 'receipt-missing', Cause: 'the graph ended without saying why' };

/** Whatever stopped the deployment later: that the release which serves was broken by its migration comes first. */
function failureOf(walked: WalkedGraph, migration: MigrationFacts | undefined): StepsError {
  const failure = walked.failure ?? unexplained(walked);
  if (migration?.live !== 'broken-by-migration') return failure;
  const why = `and the candidate could not take over: ${failure.Error}: ${readCause(failure)}`;
  return { Error: 'migration-broke-live', Cause: `${describeBreak(migration)}, ${why}` };
}

const decide = (outcome: Outcome, failure: StepsError): Decision => ({
  outcome,
  failure: { Error: failure.Error, Cause: oneLine(`${outcome}: ${readCause(failure)}`, 3000) },
});

/** A Lambda's Cause is JSON around its message; a phase's is the message itself. */
function readCause({ Error: name, Cause }: StepsError): string {
  if (!Cause) return `${name}, without a cause`;
  if (!Cause.startsWith('{')) return Cause;
  try {
    return (JSON.parse(Cause) as { errorMessage?: string }).errorMessage ?? Cause;
  } catch {
    return Cause; // Step Functions cuts a long Cause, and half of an object is no JSON
  }
}
