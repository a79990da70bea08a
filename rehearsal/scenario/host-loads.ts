import type { LoadReport } from '../load/load-report.ts';
import type { Rates } from '../load/rates.ts';
import { startLoad, type Load } from '../load/start-load.ts';
import type { Stage } from '../stage/stage.ts';

/** Milliseconds of network delay each way, between the clients and the hosts. */
const delayMs = 20;

/** What the clients of each host saw, by instance id. */
export type LoadReports = ReadonlyMap<string, LoadReport>;

/** Constant load on every host at once, each host's by a process of its own. */
export class HostLoads {
  readonly #loads: ReadonlyMap<string, Load>;

  private constructor(loads: ReadonlyMap<string, Load>) {
    this.#loads = loads;
  }

  /** On the hosts that the stage has now; undefined where no client reaches any. */
  static async start(stage: Stage, rates?: Partial<Rates>): Promise<HostLoads | undefined> {
    const reached = stage.hosts.flatMap((host) => {
      const target = stage.targetOf(host);
      return target ? [{ id: host.instanceId, target }] : [];
    });
    if (reached.length === 0) return undefined;
    const starting = reached.map(({ target }) =>
      startLoad({ target, hostHeader: target.hostHeader, delayMs, rates }),
    );
    const settled = await Promise.allSettled(starting);
    const failed = settled.find((one) => one.status === 'rejected');
    const loads = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (!failed) return new HostLoads(new Map(loads.map((load, index) => [reached[index]!.id, load])));
    await Promise.all(loads.map((load) => load.kill()));
    throw failed.reason;
  }

  /** Begins a section of each report. */
  mark = async (name: string) => void (await Promise.all(this.#all((load) => load.mark(name))));

  async stop(): Promise<LoadReports> {
    const stopping = [...this.#loads].map(async ([id, load]) => [id, await load.stop()] as const);
    return new Map(await Promise.all(stopping));
  }

  kill = async () => void (await Promise.all(this.#all((load) => load.kill())));

  #all = <T>(call: (load: Load) => T): T[] => [...this.#loads.values()].map(call);
}
