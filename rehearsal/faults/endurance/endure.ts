import { agree } from '../../agreement/agree.ts';
import { variants } from '../../images/variants.ts';
import { startLoad, type Load } from '../../load/start-load.ts';
import type { Rates } from '../../load/rates.ts';
import { Rehearsal, type Walked } from '../../rehearsal.ts';
import { describeDeployment } from '../../report/describe-deployment.ts';
import { seededRandom } from '../../simulation/random.ts';
import { CleanUp } from '../../stage/clean-up.ts';
import { createRealStage, type RealStage } from '../../stage/real-stage.ts';
import { measureHost, type HostMeasure } from './measure-host.ts';
import { missingForWayBack, type Releases } from './way-back.ts';

/** Moderate, and nothing that a drain would have to wait for: the other parts have streams. */
const rates: Rates = {
  keepAliveGetsPerSecond: 20,
  newConnectionGetsPerSecond: 10,
  postsPerSecond: 5,
  slowGetsPerSecond: 0.5,
  slowMs: 400,
  uploadsPerSecond: 0.5,
  uploadMs: 300,
  eventStreams: 0,
  webSockets: 0,
};

/** Of Docker's volume: room for the base, the releases that are kept and one more, and not for forty. */
const volumeGiB = 0.625;
/** New in each release, and in each that fails. */
const newBytes = 6_000_000;

export interface Endured {
  readonly problems: string[];
  readonly measures: readonly HostMeasure[];
  readonly milliseconds: readonly number[];
  readonly rollbackMs: readonly number[];
  readonly requests: number;
  readonly failed: number;
  readonly pushesThatFailed: number;
}

export interface EnduranceOptions {
  readonly count: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly say?: (text: string) => void;
}

/** So many deployments in a row on one host with a small disk, under load; some of the pushes never become healthy. */
export async function endure(options: EnduranceOptions): Promise<Endured> {
  const cleanUp = new CleanUp();
  try {
    return await new Endurance(options).run(cleanUp);
  } finally {
    await cleanUp.run();
  }
}

class Endurance {
  readonly #options: EnduranceOptions;
  readonly #problems: string[] = [];
  readonly #measures: HostMeasure[] = [];
  readonly #milliseconds: number[] = [];
  readonly #rollbackMs: number[] = [];
  #pushesThatFailed = 0;
  #releases: Releases = { live: '', before: undefined };
  #rehearsal!: Rehearsal;
  #stage!: RealStage;

  constructor(options: EnduranceOptions) {
    this.#options = options;
  }

  async run(cleanUp: CleanUp): Promise<Endured> {
    const { count, seed, signal } = this.#options;
    this.#rehearsal = await Rehearsal.start({
      configFile: 'rehearsal/faults/endurance/config.ts',
      signal,
      makeStage: async (tags) =>
        (this.#stage = await createRealStage({ tags, signal, volume: { sizeGiB: volumeGiB } })),
    });
    cleanUp.add(() => this.#rehearsal.close());
    const random = seededRandom(seed);
    await this.#push(1, true);
    const load = await this.#startLoad(cleanUp);
    for (let number = 2; number <= count && !signal?.aborted; number += 1) {
      await this.#push(number, number === 2 || random() > 0.15);
      if (number === Math.ceil(count / 2) || number === count) await this.#rollBack();
    }
    this.#problems.push(...(await agree(this.#rehearsal)));
    return this.#report(load);
  }

  async #startLoad(cleanUp: CleanUp): Promise<Load> {
    const target = this.#stage.targetOf(this.#stage.hosts[0]);
    const load = await startLoad({ target, delayMs: 5, rates });
    cleanUp.add(() => load.kill());
    return load;
  }

  async #push(number: number, healthy: boolean): Promise<void> {
    const version = `v${number}`;
    const spec = variants[healthy ? 'healthy' : 'neverHealthy'](version);
    const began = performance.now();
    const walked = await this.#rehearsal.push({ ...spec, extraBytes: newBytes });
    this.#milliseconds.push(performance.now() - began);
    if (!healthy) this.#pushesThatFailed += 1;
    await this.#observe(version, walked, healthy ? null : 'health-check-failed');
  }

  async #rollBack(): Promise<void> {
    const before = this.#releases.before;
    const walked = await this.#rehearsal.execute({ app: 'web', rollback: true });
    const { digest, pushToLiveMs } = await this.#observe('rollback', walked, null);
    if (pushToLiveMs !== null) this.#rollbackMs.push(pushToLiveMs);
    if (before !== digest) this.#problems.push(`a rollback went to ${digest} and not to ${before}`);
  }

  async #observe(title: string, walked: Walked, expected: string | null) {
    const deployment = await describeDeployment(this.#rehearsal, title, walked);
    const { failureId, cause, digest } = deployment;
    const problems: string[] = [];
    if (failureId !== expected) problems.push(`ended by ${failureId} (${cause}) instead of ${expected}`);
    if (failureId === null) this.#releases = { live: digest, before: this.#releases.live || undefined };
    const host = this.#stage.hosts[0];
    problems.push(...(await missingForWayBack(host, this.#releases, failureId === null)));
    this.#problems.push(...problems.map((problem) => `${title}: ${problem}`));
    this.#measures.push(await measureHost(host));
    this.#options.say?.(this.#describe(title, deployment.outcome));
    return deployment;
  }

  #describe(title: string, outcome: string): string {
    const { volume, root, memory } = this.#measures.at(-1)!;
    const inUse = [volume, root, memory].map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(' / ');
    return `${title}: ${outcome}, ${Math.round(this.#milliseconds.at(-1)!)} ms; volume / root / memory ${inUse} MiB`;
  }

  async #report(load: Load): Promise<Endured> {
    const { requests, failed, resets, faults } = await load.stop();
    if (failed + resets > 0)
      this.#problems.push(`${failed} of ${requests} requests failed: ${JSON.stringify(faults)}`);
    return {
      problems: this.#problems,
      measures: this.#measures,
      milliseconds: this.#milliseconds,
      rollbackMs: this.#rollbackMs,
      requests,
      failed,
      pushesThatFailed: this.#pushesThatFailed,
    };
  }
}
