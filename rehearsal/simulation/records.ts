import { appKey, type Ledger } from '../../lambdas/lib/ledger.ts';
import { deploymentsOf, type HistoryEntry } from '../../lambdas/lib/release-history.ts';
import type { DeploymentRequest } from '../../contracts/request.ts';
import type { Execution } from '../aws/states/executions.ts';

/** A request of which no deployment came. */
interface Answered {
  readonly request: DeploymentRequest;
  readonly outcome: 'Superseded' | 'Failed';
  /** ARN of the execution that took its place. */
  readonly by?: string;
  readonly failure?: { readonly Error: string };
  /** Epoch milliseconds. */
  readonly endedAt: number;
}

/** `endedAt`: epoch milliseconds. */
type Ended = HistoryEntry & { readonly endedAt?: number };

interface Records {
  /** The oldest first. */
  readonly deployments: readonly Ended[];
  readonly answered: readonly Answered[];
  readonly executions: readonly Execution[];
}

/** A sentence for everything in an app's records that must not be. */
export async function judgeRecords(
  app: string,
  ledger: Ledger,
  executions: readonly Execution[],
): Promise<string[]> {
  const deployments = (await collect<Ended>(deploymentsOf(app, ledger))).reverse();
  const answered = await collect(ledger.newestFirst<Answered>(app, appKey(app, 'request#').sk, 'request$'));
  const records = { deployments, answered, executions };
  return [
    ...unrecorded(records),
    ...overlapping(records),
    ...outOfOrder(records),
    ...wronglySuperseded(records),
    ...deployedTwice(records),
    ...wrongRollbacks(records),
    ...againstHolds(records),
  ];
}

/** Every request that reached its end has a record: a deployment, or why there is none. Deliveries of one event may share it. */
function unrecorded({ deployments, answered, executions }: Records): string[] {
  const requests = [...deployments, ...answered].map(({ request }) => request);
  return executions.flatMap(({ arn, name, input, result, handle }) => {
    const asked = JSON.parse(input) as { id?: string };
    if ('closes' in asked || 'hold' in asked || result?.status === 'ABORTED') return [];
    const recorded = requests.some((one) => one.executionArn === arn || one.eventId === asked.id);
    const rejected = handle.history.some((event) => event.name === 'Rejected');
    return recorded || rejected ? [] : [`${name} has no record`];
  });
}

/** One deployment of an app at a time. */
function overlapping({ deployments }: Records): string[] {
  return deployments.flatMap(({ deploymentId, outcome, since }, index) => [
    ...(outcome === 'Running' ? [`the history says that ${deploymentId} runs`] : []),
    ...(since < (deployments[index - 1]?.endedAt ?? 0)
      ? [`${deploymentId} began before the one before had ended`]
      : []),
  ]);
}

/** The newest wins; a catch-up is no release's. */
function outOfOrder({ deployments }: Records): string[] {
  const releases = deployments.filter(({ request }) => !request.catchUp);
  return releases.flatMap(({ deploymentId, request }, index) =>
    request.order < (releases[index - 1]?.request.order ?? '')
      ? [`${deploymentId} deployed an older request than the one before`]
      : [],
  );
}

/** Only what is newer takes another's place, or the same event's other delivery; whatever has the lease takes a catch-up's. */
function wronglySuperseded({ deployments, answered }: Records): string[] {
  const requests = [...deployments, ...answered].map(({ request }) => request);
  return answered.flatMap(({ request, outcome, by }) => {
    const other = outcome === 'Superseded' && requests.find(({ executionArn }) => executionArn === by);
    if (!other || request.catchUp || other.order >= request.order || other.eventId === request.eventId)
      return [];
    return [`${request.executionArn} gave way to an older request, ${by}`];
  });
}

function deployedTwice({ deployments }: Records): string[] {
  const events = deployments.map(({ request }) => request.eventId);
  return deployments.flatMap(({ deploymentId, request }, index) =>
    events.indexOf(request.eventId) === index ? [] : [`${deploymentId} deployed an event once more`],
  );
}

/** A rollback takes off what is on top of what went live: never what is live, never forward. */
function wrongRollbacks({ deployments }: Records): string[] {
  const stack: (string | undefined)[] = [];
  const problems: string[] = [];
  for (const { deploymentId, outcome, request, closed } of deployments) {
    if (outcome !== 'Succeeded') continue;
    if (request.rollback) stack.pop();
    if (request.catchUp && stack.at(-1) !== closed?.digest)
      problems.push(`${deploymentId} brought hosts to another release than the current one`);
    if (stack.at(-1) === closed?.digest) continue;
    if (request.rollback) problems.push(`${deploymentId} did not go back to the release before`);
    stack.push(closed?.digest);
  }
  return problems;
}

/** What a hold is sure to cover, and what it may at most: setting and lifting it takes its executions' time. */
function againstHolds({ deployments, answered, executions }: Records): string[] {
  const changes = executions
    .map((execution) => ({ ...execution, asked: JSON.parse(execution.input) as { hold?: unknown } }))
    .filter(({ asked, result }) => asked.hold !== undefined && result?.status === 'SUCCEEDED')
    .sort((one, other) => one.result!.startDate - other.result!.startDate);
  const holds = changes.flatMap(({ asked, result }, index) => {
    if (asked.hold === false) return [];
    const lift = changes.slice(index + 1).find((change) => change.asked.hold === false)?.result;
    const sure = { from: result!.stopDate, to: lift?.startDate ?? Infinity };
    return [{ sure, most: { from: result!.startDate, to: lift?.stopDate ?? Infinity } }];
  });
  const within = (time: number, { from, to }: { from: number; to: number }) => time >= from && time <= to;
  return [
    ...deployments
      .filter(({ since }) => holds.some(({ sure }) => since > sure.from && since < sure.to))
      .map(({ deploymentId }) => `${deploymentId} began during a hold`),
    ...answered
      .filter(({ failure }) => failure?.Error === 'app-held')
      .filter(({ endedAt }) => !holds.some(({ most }) => within(endedAt, most)))
      .map(({ request }) => `${request.executionArn} was refused by a hold that was not there`),
  ];
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
