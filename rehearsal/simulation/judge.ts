import type { CurrentRelease } from '../../lambdas/lib/ledger.ts';
import type { Execution } from '../aws/states/executions.ts';
import type { SimulatedHost } from '../host/simulated/simulated-host.ts';
import { judgeRecords } from './records.ts';
import type { SimulatedDeployer } from './simulated-deployer.ts';
import type { Weather } from './weather.ts';

/** What CloseDeployment said, as the execution's output or as its error. */
interface Said {
  readonly deploymentId?: string;
  readonly digest?: string;
}

const claims = ['Succeeded', 'RolledBack', 'Failed', 'Inconsistent'];

/** Compares what executions and ledger say with what the hosts do, whenever an execution has ended. */
export class Judge {
  readonly problems: string[] = [];
  readonly endings: string[] = [];
  readonly #seen = new Set<Execution>();
  readonly #app: string;
  readonly #hosts: readonly SimulatedHost[];
  readonly #deployer: SimulatedDeployer;
  readonly #weather: Weather;
  /** Digest that every host should serve: nothing at first, and unknown after an Inconsistent. */
  #serving: string | 'nothing' | 'unknown' = 'nothing';

  constructor(app: string, hosts: readonly SimulatedHost[], deployer: SimulatedDeployer, weather: Weather) {
    this.#app = app;
    this.#hosts = hosts;
    this.#deployer = deployer;
    this.#weather = weather;
  }

  get running(): readonly Execution[] {
    return this.#deployer.states.executions().filter(({ result }) => !result);
  }

  /** At the end of each execution, before anything else happens. */
  look(): void {
    for (const execution of this.#deployer.states.executions()) {
      if (!execution.result || this.#seen.has(execution)) continue;
      this.#seen.add(execution);
      this.#judge(execution);
    }
  }

  #judge(execution: Execution): void {
    const ending = endingOf(execution);
    this.endings.push(ending);
    if (!claims.includes(ending)) return;
    if (ending === 'Inconsistent') {
      if (this.#weather.calm) this.problems.push(`${execution.name} is Inconsistent in calm weather`);
      this.#serving = 'unknown';
      return;
    }
    if (ending === 'Succeeded') this.#serving = saidBy(execution).digest ?? 'no digest';
    this.#compare(`${execution.name} ended ${ending}`);
  }

  #compare(when: string): void {
    if (this.#serving === 'unknown') return;
    for (const { instanceId, serve } of this.#hosts.map((host) => ({
      instanceId: host.instanceId,
      serve: host.serve(this.#app),
    }))) {
      const served = 'digest' in serve ? serve.digest : serve.status === 503 ? 'nothing' : 'a dead container';
      if (served !== this.#serving)
        this.problems.push(`${when}: ${instanceId} serves ${served}, and not ${this.#serving}`);
    }
  }

  /** When all has ended. */
  async end(): Promise<void> {
    const { ledger } = this.#deployer;
    this.#compare('in the end');
    for (const item of await ledger.open())
      this.problems.push(
        `${'phase' in item ? `${item.phase} of ${item.deploymentId}` : item.deploymentId} is still open`,
      );
    const current: Partial<CurrentRelease> = (await ledger.current(this.#app)) ?? {};
    if (this.#serving !== 'unknown' && (current.digest ?? 'nothing') !== this.#serving)
      this.problems.push(`the ledger says ${current.digest}, and the hosts serve ${this.#serving}`);
    const { states } = this.#deployer;
    this.problems.push(...(await judgeRecords(this.#app, ledger, states.executions())));
  }
}

/** The last state it entered, if that is one of its ends. */
function endingOf({ result, handle }: Execution): string {
  if (result!.status === 'ABORTED' || result!.status === 'TIMED_OUT') return result!.status;
  const entered = handle.history.filter(({ type }) => type.endsWith('StateEntered'));
  return entered.at(-1)?.name ?? result!.status;
}

const saidBy = ({ result }: Execution): Said => (result as { output?: Said }).output ?? {};
