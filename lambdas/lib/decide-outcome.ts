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

/** The outcome follows from what happened: what the hosts said of the way back, and what the ledger has committed. */
export function decideOutcome(walked: WalkedGraph, committed: boolean, migration?: MigrationFacts): Decision {
  const failure = failureOf(walked, migration);
  const wayBack = walked.reverted ?? [];
  const stuck = wayBack.flatMap((wave) => ('failed' in wave ? [readCause(wave.error)] : []));
  if (stuck.length > 0) return decide('Inconsistent', failure, stuck.join('; '));
  if (wayBack.some((wave) => 'switched' in wave && wave.switched)) return decide('RolledBack', failure);
  if (walked.reverted || walked.failure || !committed) return decide('Failed', failure);
  const warning = walked.retireFailure && `retire: ${oneLine(readCause(walked.retireFailure))}`;
  return { outcome: 'Succeeded', failure: { Error: 'none', Cause: '' }, ...(warning && { warning }) };
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

function decide(outcome: Outcome, failure: StepsError, wayBack = ''): Decision {
  const cause = [`${outcome}: ${readCause(failure)}`, wayBack && `and the way back failed: ${wayBack}`];
  return {
    outcome,
    failure: { Error: failure.Error, Cause: oneLine(cause.filter(Boolean).join(' '), 3000) },
  };
}

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
