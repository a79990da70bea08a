import type { Outcome } from '../../../contracts/outcome.ts';
import { agree } from '../../agreement/agree.ts';
import type { Section } from '../../load/load-report.ts';
import type { Walked } from '../../rehearsal.ts';
import { describeDeployment } from '../../report/describe-deployment.ts';
import type { Scene } from './scene.ts';

/** What became of the deployment that the fault struck. */
export interface Observed {
  readonly outcome: Outcome;
  /** Of a Succeeded, `retire-failed` if it warns that retire could not do its part. */
  readonly failure: string | null;
  readonly cause: string | null;
  /** Epoch milliseconds. */
  readonly endedAt: number;
}

/** What became of the one after it, and what clients saw of both. */
export interface Recovery {
  /** Before it: the release that port 80 answered with once the fault was undone. */
  readonly served: string;
  readonly problems: readonly string[];
  readonly section: Section;
}

export async function observe({ ground, version }: Scene, walked: Walked): Promise<Observed> {
  const endedAt = Date.now();
  const { outcome, failureId, cause, warning } = await describeDeployment(ground.rehearsal, version, walked);
  if (outcome === 'Succeeded') ground.serving = version;
  if (warning?.startsWith('retire: ')) return { outcome, failure: 'retire-failed', cause: warning, endedAt };
  return { outcome, failure: failureId, cause, endedAt };
}

/** What the outcome says itself: that something was left behind, or that the release before may still run. */
const isTold = (problem: string, { outcome, failure }: Observed) =>
  outcome === 'Inconsistent' || (failure === 'retire-failed' && problem.endsWith(', which is idle'));

const servedMs = 30_000;

/** Until port 80 answers with a release again, if it does not; what was down is up from then on. */
export async function untilServed({ ground, excuses }: Scene): Promise<void> {
  const deadline = Date.now() + servedMs;
  while (!/^v[0-9]+$/.test(await ground.stage.serving()) && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
  for (const excuse of excuses) excuse.until = Math.min(excuse.until, Date.now());
}

/** A new push, without any fault, which must succeed. */
export async function observeRecovery({ ground }: Scene, observed: Observed): Promise<Recovery> {
  const served = await ground.stage.serving();
  const problems = (await agree(ground.rehearsal)).filter((problem) => !isTold(problem, observed));
  const version = ground.nextVersion();
  const walked = await ground.push(version);
  if (walked.status !== 'SUCCEEDED')
    problems.push(`the push after it ended ${walked.status} (${walked.error}: ${walked.cause})`);
  else ground.serving = version;
  const serving = await ground.stage.serving();
  if (serving !== ground.serving)
    problems.push(`after the push port 80 answers ${serving} instead of ${ground.serving}`);
  return { served, problems, section: await ground.loadSeen() };
}
