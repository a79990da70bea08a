import type { DatabaseMode } from '../../contracts/database.ts';
import type { FailureId } from '../../contracts/failure.ts';
import type { Outcome } from '../../contracts/outcome.ts';
import type { DeploymentReport, HostReport } from '../report/report.ts';

export interface Expectation {
  readonly outcome: Outcome;
  readonly failureId?: FailureId;
  /** A BUILD_VERSION. */
  readonly serving: string | RegExp;
  /** FINAL_DB_MODE, as the history says. */
  readonly databaseMode?: DatabaseMode;
  /** Not one request, stream or socket of any client. */
  readonly nothingLost?: boolean;
  /** Indexes of hosts whose clients may lose some all the same, since what served them was killed. */
  readonly exceptOn?: readonly number[];
}

/** What is not as it should be, a sentence each. */
export function expectations(deployment: DeploymentReport, expected: Expectation): string[] {
  const { title, outcome, failureId, cause, servingAfterwards, hosts } = deployment;
  const problems: string[] = [];
  if (outcome !== expected.outcome)
    problems.push(`ended ${outcome} instead of ${expected.outcome} (${failureId}: ${cause})`);
  else if ((expected.failureId ?? null) !== failureId)
    problems.push(`failed by ${failureId} instead of ${expected.failureId} (${cause})`);
  if (servingAfterwards !== null && !serves(expected.serving, servingAfterwards))
    problems.push(`port 80 answers ${servingAfterwards} instead of ${String(expected.serving)}`);
  if (expected.databaseMode && deployment.database?.mode !== expected.databaseMode)
    problems.push(`uses ${deployment.database?.mode ?? 'no database'} instead of ${expected.databaseMode}`);
  if (expected.nothingLost)
    problems.push(...hosts.filter((_, index) => !expected.exceptOn?.includes(index)).flatMap(lossesOn));
  return problems.map((problem) => `${title}: ${problem}`);
}

function lossesOn({ instanceId, load }: HostReport): string[] {
  const kinds = ['failed', 'resets', 'truncatedStreams', 'webSocketsWithoutCloseFrame'] as const;
  if (!load) return [];
  return kinds.flatMap((kind) =>
    load[kind] > 0 ? [`${load[kind]} ${kind} of ${load.requests} requests on ${instanceId}`] : [],
  );
}

const serves = (expected: string | RegExp, actual: string) =>
  typeof expected === 'string' ? actual === expected : expected.test(actual);
