import { variants } from '../../images/variants.ts';
import type { ImageSpec } from '../../images/image.ts';
import type { Section } from '../../load/load-report.ts';
import type { Rates } from '../../load/rates.ts';
import { startLoad, type Load } from '../../load/start-load.ts';
import { HurriedClock } from '../../hurried-clock.ts';
import { Rehearsal, type Walked } from '../../rehearsal.ts';
import type { RealHost } from '../../host/real/real-host.ts';
import { CleanUp } from '../../stage/clean-up.ts';
import { deploymentOf } from '../../report/describe-deployment.ts';
import { createRealStage, type RealStage } from '../../stage/real-stage.ts';
import { Levers } from './levers.ts';

/** plain: one app. database: the same with migrations. bare: one app that nothing of has been deployed yet. */
export type GroundKind = 'plain' | 'database' | 'bare';

const configs: Readonly<Record<GroundKind, string>> = {
  plain: 'rehearsal/faults/matrix/config.ts',
  database: 'rehearsal/faults/matrix/database.config.ts',
  bare: 'rehearsal/faults/matrix/config.ts',
};

/** Every kind of traffic, at rates that leave both cores to what is tried under them. */
const rates: Rates = {
  keepAliveGetsPerSecond: 20,
  newConnectionGetsPerSecond: 10,
  postsPerSecond: 5,
  slowGetsPerSecond: 1,
  slowMs: 800,
  uploadsPerSecond: 0.5,
  uploadMs: 700,
  eventStreams: 1,
  webSockets: 1,
};

/** New bytes in each release. */
export const newBytes = 300_000;

/** A host that serves a healthy release under constant load, unless it is bare, and AWS around it: where cells take place. */
export class Ground {
  readonly rehearsal: Rehearsal;
  readonly stage: RealStage;
  readonly kind: GroundKind;
  readonly levers: Levers;
  /** Of AWS: hurried while a deployment waits for nothing but the clock. */
  readonly clock: HurriedClock;
  /** A fault is at work, which the clock waits for too. */
  isStruck = false;
  /** What port 80 should serve: the last release that went live. */
  serving = 'nothing';
  #versions = 1;
  #load: Load | undefined;
  readonly #cleanUp: CleanUp;

  private constructor(
    parts: Pick<Ground, 'rehearsal' | 'stage' | 'kind' | 'levers' | 'clock'>,
    cleanUp: CleanUp,
  ) {
    this.rehearsal = parts.rehearsal;
    this.stage = parts.stage;
    this.kind = parts.kind;
    this.levers = parts.levers;
    this.clock = parts.clock;
    this.#cleanUp = cleanUp;
  }

  static async start(kind: GroundKind, signal: AbortSignal): Promise<Ground> {
    const cleanUp = new CleanUp();
    try {
      return await Ground.#prepare(kind, signal, cleanUp);
    } catch (error) {
      await cleanUp.run();
      throw error;
    }
  }

  static async #prepare(kind: GroundKind, signal: AbortSignal, cleanUp: CleanUp): Promise<Ground> {
    const levers = new Levers();
    const clock = new HurriedClock();
    let stage: RealStage | undefined;
    const rehearsal = await Rehearsal.start({
      configFile: configs[kind],
      signal,
      makeStage: async (tags) =>
        (stage = await createRealStage({
          tags,
          signal,
          database: kind === 'database',
          registryFault: levers.askRegistry,
        })),
      clock,
      ...levers.options,
    });
    cleanUp.add(() => rehearsal.close());
    if (kind === 'database') storeDatabase(rehearsal, stage!);
    const ground = new Ground({ rehearsal, stage: stage!, kind, levers, clock }, cleanUp);
    if (kind !== 'bare') await ground.#serve();
    return ground;
  }

  async #serve(): Promise<void> {
    const { status, error, cause } = await this.push('v1');
    if (status !== 'SUCCEEDED') throw new Error(`the first release: ${error}: ${cause}`);
    this.serving = 'v1';
    await this.loadFrom('the beginning');
  }

  /** Begins a section of the load, and the load itself if none is there. */
  async loadFrom(section: string): Promise<void> {
    this.#load ??= await this.#startLoad();
    await this.#load.mark(section);
  }

  /** What clients have seen in this section. */
  async loadSeen(): Promise<Section> {
    return (await this.#load!.snapshot()).sections.at(-1)!;
  }

  async #startLoad(): Promise<Load> {
    const target = this.stage.targetOf(this.host)!;
    const { hostHeader } = target;
    const load = await startLoad({ target, hostHeader, delayMs: 5, rates, timeoutMs: 4000 });
    this.#cleanUp.add(() => load.kill());
    return load;
  }

  get host(): RealHost {
    return this.stage.hosts[0];
  }

  nextVersion = (): string => `v${++this.#versions}`;

  /** Runs a script of bash on the host as root, and gives its stdout. */
  shell = (script: string): Promise<string> => this.host.exec(['bash', '-c', `set -eu\n${script}`]);

  /** Pushes a healthy release and waits for the end of its deployment. */
  push = (version: string): Promise<Walked> => this.walkToEnd(healthy(version));

  /** Waits for the end of what a push sets off: of its deployment's last execution, should another one close it. */
  async walkToEnd(spec: ImageSpec): Promise<Walked> {
    const calm = this.clock.hurry(() => !this.isStruck && !this.rehearsal.deployer.busy);
    try {
      return await this.#closed(await this.rehearsal.push(spec));
    } finally {
      calm();
    }
  }

  async #closed(walked: Walked): Promise<Walked> {
    const { ledger } = this.rehearsal.deployer;
    for (;;) {
      const lease = await ledger.lease(this.rehearsal.app.name);
      if (lease?.deploymentId !== deploymentOf(walked)) return walked;
      if (!lease.open) return this.rehearsal.walked(lease.executionArn);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  close = (): Promise<void> => this.#cleanUp.run();
}

export const healthy = (version: string): ImageSpec => ({
  ...variants.healthy(version, newBytes),
  environment: { EAT_MEMORY_ON_SIGUSR2: 'true' },
});

function storeDatabase({ deployer, app }: Rehearsal, { database }: RealStage): void {
  const put = (name: string, value: string, type: 'String' | 'SecureString') =>
    deployer.ssm.parameters.put(`/edgepaas/${app.name}/${name}`, value, type);
  put('DATABASE_URL', database!.url, 'SecureString');
  put('DATABASE_CA', database!.authority, 'String');
}
