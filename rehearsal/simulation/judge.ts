import type { AppSettings } from '../../contracts/app-settings.ts';
import type { Closed } from '../../lambdas/close-deployment.ts';
import { readFindings } from '../../lambdas/lib/findings.ts';
import type { CurrentRelease } from '../../lambdas/lib/ledger.ts';
import type { Execution } from '../aws/states/executions.ts';
import { Expectations, unknown } from './expectations.ts';
import type { Fleet } from './fleet.ts';
import { judgeRecords } from './records.ts';
import type { SimulatedDeployer } from './simulated-deployer.ts';
import type { SimulatedTime } from './simulated-time.ts';
import type { Weather } from './weather.ts';

interface Judged {
  readonly fleet: Fleet;
  readonly deployer: SimulatedDeployer;
  readonly weather: Weather;
  readonly time: SimulatedTime;
}

const claims = ['Succeeded', 'RolledBack', 'Failed', 'Inconsistent'];

/** Until a lease whose execution has ended is another's, or free: a sweep, and in bad weather those that follow one that failed. */
const [calmMs, stormMs] = [61_000, 420_000];

/** Compares what executions and ledger say with what the hosts do, whenever an execution has ended. */
export class Judge {
  readonly problems: string[] = [];
  readonly endings: string[] = [];
  readonly #app: AppSettings;
  readonly #judged: Judged;
  readonly #expected: Expectations;
  readonly #seen = new Set<Execution>();
  /** How many hosts there were when an execution was first seen. */
  readonly #hostsAt = new Map<Execution, number>();
  /** Digest of the release that went live last, and was not taken back. */
  #current: string | undefined;

  constructor(app: AppSettings, judged: Judged) {
    this.#app = app;
    this.#judged = judged;
    this.#expected = new Expectations(app.name, judged.fleet.hosts);
  }

  get running(): readonly Execution[] {
    return this.#judged.deployer.states.executions().filter(({ result }) => !result);
  }

  /** At the end of each execution, before anything else happens. */
  look(): void {
    const { deployer, fleet } = this.#judged;
    for (const execution of deployer.states.executions()) {
      if (this.#seen.has(execution)) continue;
      if (!this.#hostsAt.has(execution)) this.#hostsAt.set(execution, fleet.hosts.length);
      if (!execution.result) continue;
      this.#seen.add(execution);
      this.#judge(execution);
    }
  }

  #judge(execution: Execution): void {
    const ending = endingOf(execution);
    this.endings.push(ending);
    if (!claims.includes(ending)) return this.#expectNoLease(execution);
    const closed = closedBy(execution);
    if (!closed) return void this.problems.push(`${execution.name} is ${ending}, and nothing has closed it`);
    if (closed.outcome !== ending)
      this.problems.push(
        `${execution.name} ended ${ending}, and ${closed.deploymentId} is ${closed.outcome}`,
      );
    const when = `${closed.deploymentId} ended ${ending}`;
    if (ending === 'Inconsistent' && this.#judged.weather.calm) this.problems.push(`${when} in calm weather`);
    if (ending === 'Succeeded') this.#judgeSuccess(execution, closed, when);
    this.problems.push(...this.#expected.take(closed, when));
    this.problems.push(...this.#expected.compare(when));
  }

  #judgeSuccess(execution: Execution, closed: Closed, when: string): void {
    const { catchUp } = asked(execution);
    if (catchUp && closed.digest !== this.#current)
      this.problems.push(`${when} with ${closed.digest}, and ${this.#current} is current`);
    this.#current = closed.digest;
    if (catchUp || asked(execution).closes) return;
    const taken = Object.values(closed.serving ?? {}).flat();
    const there = this.#judged.fleet.hosts.slice(0, this.#hostsAt.get(execution));
    for (const { instanceId } of there.filter((host) => !taken.includes(host.instanceId)))
      this.problems.push(`${when}, and says nothing of ${instanceId}`);
    const leftOut = closed.serving?.[unknown]?.length ?? 0;
    if (leftOut > this.#app.rollout.unavailableHosts) this.problems.push(`${when} without ${leftOut} hosts`);
  }

  /** One that ended by itself has given its lease back; of one that did not, somebody takes it over. */
  #expectNoLease({ arn, name }: Execution): void {
    const { deployer, weather, time } = this.#judged;
    time.after(weather.calm ? calmMs : stormMs, () => {
      const looked = deployer.ledger.lease(this.#app.name).then((lease) => {
        if (lease?.open && lease.executionArn === arn)
          this.problems.push(`${name} has ended, and its lease is left`);
      });
      void time.track(looked);
    });
  }

  /** Hosts that serve another release than the current one. */
  hostsBehind = (): string[] =>
    this.#current === undefined ? [] : this.#expected.hostsWithout(this.#current);

  /** When all has ended. */
  async end(): Promise<void> {
    const { ledger, states } = this.#judged.deployer;
    this.problems.push(...this.#expected.compare('in the end'));
    for (const item of await ledger.open())
      this.problems.push(
        `${'phase' in item ? `${item.phase} of ${item.deploymentId}` : item.deploymentId} is still open`,
      );
    const current: Partial<CurrentRelease> = (await ledger.current(this.#app.name)) ?? {};
    if (current.digest !== this.#current)
      this.problems.push(`the ledger says ${current.digest}, and ${this.#current} went live last`);
    const found = new Set((await readFindings(this.#app.name, ledger)).map(({ host }) => host));
    for (const host of this.hostsBehind().filter((one) => !found.has(one)))
      this.problems.push(`${host} lags behind, and nobody has found it`);
    this.problems.push(...(await judgeRecords(this.#app.name, ledger, states.executions())));
  }
}

const asked = ({ input }: Execution) => JSON.parse(input) as { catchUp?: string[]; closes?: string };

/** The last state it entered, if that is one of its ends. */
function endingOf({ result, handle }: Execution): string {
  if (result!.status === 'ABORTED' || result!.status === 'TIMED_OUT') return result!.status;
  const entered = handle.history.filter(({ type }) => type.endsWith('StateEntered'));
  return entered.at(-1)?.name ?? result!.status;
}

/** What CloseDeployment said. */
const closedBy = ({ handle }: Execution) =>
  handle.history.findLast(({ type, name }) => type === 'TaskStateExited' && name === 'CloseDeployment')
    ?.output as Closed | undefined;
